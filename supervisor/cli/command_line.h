// SPDX-License-Identifier: Apache-2.0
// From words to what the user wants, carried out.
#pragma once

#include <string>
#include <vector>

namespace chock::supervisor::cli {

// `words` is the command line without the program's name. Returns the exit code; whatever went
// wrong is one line on stderr.
[[nodiscard]] int run_command_line(std::vector<std::string> words);

}  // namespace chock::supervisor::cli
