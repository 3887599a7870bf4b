// SPDX-License-Identifier: Apache-2.0
// `chock attach`: this terminal becomes that of a process that runs already.
#include <memory>

#include "supervisor/cli/process_words.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/session.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

struct AttachOptions {
  AttachRequest request;
  bool no_input = false;
  std::string detach_keys = kDetachKeys;
};

int attach(const AttachOptions& options, const GlobalOptions& globals) {
  const Result<DetachKeys> keys = DetachKeys::parse(options.detach_keys);
  if (!keys) {
    return refuse(keys.error());
  }
  return hold_session(globals, {.method = "attach",
                                .params = format_request(options.request),
                                .id = options.request.id,
                                .input = !options.no_input,
                                .detach_keys = *keys});
}

Action declare_attach(Options& options) {
  const auto values = std::make_shared<AttachOptions>();
  declare_process_of(options, values->request);
  options.flag("--no-stdin", values->no_input, "Only watch");
  options.text("--detach-keys", values->detach_keys, "KEYS",
               "Keys that leave a terminal's process running");
  return [values](const GlobalOptions& globals) { return attach(*values, globals); };
}

}  // namespace

const Verb kAttach{.name = "attach",
                   .words = "ID",
                   .summary = "Connect with the streams of a running process",
                   .example = "chock attach --process exec-1 web1",
                   .declare = declare_attach};

}  // namespace chock::supervisor::cli
