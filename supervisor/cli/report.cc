// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/report.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/sys/exit_status.h"
#include "common/sys/unique_fd.h"
#include "supervisor/launch_error.h"

namespace chock::supervisor::cli {

void report_failure(std::string message) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::ranges::replace_if(message, is_control, ' ');
  // With stderr gone there is nowhere left to say so; the exit code remains.
  static_cast<void>(sys::write_all(STDERR_FILENO, "chock: " + message + "\n", "stderr"));
}

int refuse(const Error& error) {
  report_failure(error.message());
  return kExitOwnFailure;
}

int refuse_launch(const Error& error) {
  report_failure(error.message());
  return exit_code_of_failure(error.detail);
}

int exit_code_of_signal(int number) {
  return static_cast<int>(sys::ExitStatus::from_wait(number).number());
}

int print(const std::string& text) {
  const Result<void> written = sys::write_all(STDOUT_FILENO, text, "stdout");
  if (written) {
    return 0;
  }
  if (written.error().code == EPIPE) {
    return exit_code_of_signal(SIGPIPE);
  }
  return refuse(written.error());
}

}  // namespace chock::supervisor::cli
