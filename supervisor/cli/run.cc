// SPDX-License-Identifier: Apache-2.0
// `chock run`: a container in the foreground, or with -d in the background.
#include <unistd.h>

#include <memory>

#include "common/state/layout.h"
#include "supervisor/bundle.h"
#include "supervisor/cli/operation.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/session.h"
#include "supervisor/cli/start_options.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"
#include "supervisor/terminal.h"

namespace chock::supervisor::cli {
namespace {

struct RunOptions {
  StartOptions start;
  bool detach = false;
  bool terminal = false;
  std::string detach_keys = kDetachKeys;
};

// Whether there is a terminal is for the bundle to say: the runtime reads it there.
Result<void> check_terminal(const StartRequest& request) {
  if (!TRY(read_bundle(request.bundle)).process.terminal) {
    return input_error("run", request.id,
                       "-t: process.terminal is not true in " + request.bundle + "/" +
                           state::layout::kBundleConfig);
  }
  return {};
}

Result<StartRequest> make_request(const RunOptions& options, const GlobalOptions& globals) {
  StartRequest request = TRY(options.start.request(globals));
  if (options.terminal) {
    TRY(check_terminal(request));
  }
  request.stdio.fifos = !options.detach && request.stdio.log.empty();
  if (const std::optional<WindowSize> size = window_size(STDIN_FILENO)) {
    request.console_size = {.height = size->rows, .width = size->columns};
  }
  return request;
}

int run(const RunOptions& options, const GlobalOptions& globals) {
  const Result<StartRequest> request = make_request(options, globals);
  if (!request) {
    return refuse(request.error());
  }
  if (options.detach) {
    return launch(globals, {"start", format_request(*request)},
                  [id = request->id](const state::Json&) { return id + "\n"; });
  }
  const Result<DetachKeys> keys = DetachKeys::parse(options.detach_keys);
  if (!keys) {
    return refuse(keys.error());
  }
  return hold_session(globals, {.method = "start",
                                .params = format_request(*request),
                                .id = request->id,
                                .streams = request->stdio.fifos,
                                .detach_keys = *keys});
}

Action declare_run(Options& options) {
  const auto values = std::make_shared<RunOptions>();
  options.flag("-d,--detach", values->detach, "Print the id and leave the container running");
  options.flag("-t,--tty", values->terminal,
               "Insist on a terminal (process.terminal in the bundle)");
  values->start.declare(options);
  options.text("--detach-keys", values->detach_keys, "KEYS",
               "Keys that leave a terminal's container running");
  return [values](const GlobalOptions& globals) { return run(*values, globals); };
}

}  // namespace

const Verb kRun{.name = "run",
                .words = "ID",
                .summary = "Run a container in the foreground",
                .example = "chock run -b /srv/bundles/web web1",
                .declare = declare_run};

}  // namespace chock::supervisor::cli
