// SPDX-License-Identifier: Apache-2.0
// `chock wait`: prints a process's exit status when it has ended, and exits with it.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

int wait(const WaitRequest& request, const GlobalOptions& globals) {
  int status = 0;
  const int code =
      carry_out(globals, {"wait", format_request(request)}, [&](const state::Json& answer) {
        state::JsonReader reader(answer, "answer");
        status = reader.integer<int>("exitStatus");
        return std::to_string(status) + "\n";
      });
  return code != 0 ? code : status;
}

Action declare_wait(Options& options) {
  const auto request = std::make_shared<WaitRequest>();
  declare_process_of(options, *request);
  return [request](const GlobalOptions& globals) { return wait(*request, globals); };
}

}  // namespace

const Verb kWait{.name = "wait",
                 .words = "ID",
                 .summary = "Wait for a process to end; print its exit status and exit with it",
                 .example = "chock wait web1",
                 .declare = declare_wait};

}  // namespace chock::supervisor::cli
