// SPDX-License-Identifier: Apache-2.0
// What the command line says, and the exit codes that go with it.
#pragma once

#include <string>

#include "common/result.h"

namespace chock::supervisor::cli {

// One line on stderr: "chock: MESSAGE". Line breaks and other control characters become blanks.
void report_failure(std::string message);

// The same of an Error. 125.
[[nodiscard]] int refuse(const Error& error);
// Of one that a launch has ended in: 126 or 127 where it says that the program in the container
// cannot be executed or found. (A runtime says the same of helpers of its own, criu for one.)
[[nodiscard]] int refuse_launch(const Error& error);

// 128+n, as shells have it.
[[nodiscard]] int exit_code_of_signal(int number);

// Writes to stdout. 0, or 125 if that is impossible; a reader that has gone is as if SIGPIPE had
// ended us, 141 without a word.
[[nodiscard]] int print(const std::string& text);

}  // namespace chock::supervisor::cli
