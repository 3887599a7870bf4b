// SPDX-License-Identifier: Apache-2.0
// `chock kill`: any signal to any process.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/units.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

struct KillOptions {
  KillRequest request;
  std::string signal = "TERM";
};

int kill(KillOptions& options, const GlobalOptions& globals) {
  const Result<int> signal = parse_signal(options.signal);
  if (!signal) {
    return refuse(signal.error());
  }
  options.request.signal = *signal;
  return carry_out(globals, {"kill", format_request(options.request)});
}

Action declare_kill(Options& options) {
  const auto values = std::make_shared<KillOptions>();
  declare_process_of(options, values->request);
  options.word("SIGNAL", values->signal, "Name or number (TERM)");
  return [values](const GlobalOptions& globals) { return kill(*values, globals); };
}

}  // namespace

const Verb kKill{.name = "kill",
                 .words = "ID [SIGNAL]",
                 .summary = "Send a signal to a process",
                 .example = "chock kill web1 HUP",
                 .declare = declare_kill};

}  // namespace chock::supervisor::cli
