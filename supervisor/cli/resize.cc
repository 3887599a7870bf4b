// SPDX-License-Identifier: Apache-2.0
// `chock resize`: the size of a process's terminal.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

struct ResizeOptions {
  ResizeRequest request;
  int64_t columns = 0, rows = 0;
};

int resize(ResizeOptions& options, const GlobalOptions& globals) {
  options.request.width = static_cast<uint16_t>(options.columns);
  options.request.height = static_cast<uint16_t>(options.rows);
  return carry_out(globals, {"resize", format_request(options.request)});
}

Action declare_resize(Options& options) {
  constexpr Options::Range kRange{1, UINT16_MAX};
  const auto values = std::make_shared<ResizeOptions>();
  declare_process_of(options, values->request);
  options.number_word("COLUMNS", values->columns, kRange, "Width");
  options.number_word("ROWS", values->rows, kRange, "Height");
  return [values](const GlobalOptions& globals) { return resize(*values, globals); };
}

}  // namespace

const Verb kResize{.name = "resize",
                   .words = "ID COLUMNS ROWS",
                   .summary = "Set the size of a process's terminal",
                   .example = "chock resize web1 80 24",
                   .declare = declare_resize};

}  // namespace chock::supervisor::cli
