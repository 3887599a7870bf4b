// SPDX-License-Identifier: Apache-2.0
// `chock close-stdin`: the process reads an end of file.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

Action declare_close_stdin(Options& options) {
  const auto request = std::make_shared<CloseStdinRequest>();
  declare_process_of(options, *request);
  return [request](const GlobalOptions& globals) {
    return carry_out(globals, {"close-stdin", format_request(*request)});
  };
}

}  // namespace

const Verb kCloseStdin{.name = "close-stdin",
                       .words = "ID",
                       .summary = "Close a process's stdin",
                       .example = "chock close-stdin web1",
                       .declare = declare_close_stdin};

}  // namespace chock::supervisor::cli
