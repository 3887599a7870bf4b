// SPDX-License-Identifier: Apache-2.0
// `chock restore`: a container started from a checkpoint.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/start_options.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

struct RestoreOptions {
  StartOptions start;
  StdioOptions stdio;
  std::string checkpoint;
  std::string directory;
};

Result<StartRequest> make_restore_request(const RestoreOptions& values,
                                          const GlobalOptions& globals) {
  StartRequest request = TRY(values.start.request(globals));
  TRY(values.stdio.apply(request.stdio));
  if (values.checkpoint.empty()) {
    return input_error("restore", request.id, "checkpoint name cannot be empty");
  }
  request.checkpoint = values.checkpoint;
  request.checkpoint_dir = TRY(absolute_or_empty(values.directory));
  return request;
}

int restore(const RestoreOptions& values, const GlobalOptions& globals) {
  const Result<StartRequest> request = make_restore_request(values, globals);
  return request ? launch(globals, {"start", format_request(*request), "restore"}, describe_started)
                 : refuse(request.error());
}

Action declare_restore(Options& options) {
  const auto values = std::make_shared<RestoreOptions>();
  values->start.declare(options);
  options.word("CHECKPOINT", values->checkpoint, "Name of the checkpoint");
  options.text("--checkpoint-dir", values->directory, "DIR",
               "Where checkpoints are (BUNDLE/checkpoints)");
  values->stdio.declare(options);
  return [values](const GlobalOptions& globals) { return restore(*values, globals); };
}

}  // namespace

const Verb kRestore{.name = "restore",
                    .words = "ID CHECKPOINT",
                    .summary = "Start a container from a checkpoint and print where it is, as JSON",
                    .example = "chock restore -b /srv/bundles/web web1 before-upgrade",
                    .declare = declare_restore};

}  // namespace chock::supervisor::cli
