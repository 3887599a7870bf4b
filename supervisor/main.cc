// SPDX-License-Identifier: Apache-2.0
// chock: the supervisor's command line.
#include "common/sys/command.h"
#include "common/sys/signals.h"
#include "common/sys/standard_streams.h"
#include "supervisor/cli/command_line.h"

int main(int argc, char** argv) {
  using namespace chock;
  sys::open_missing_streams();
  sys::reset_dispositions();
  sys::close_on_exec_all();
  return supervisor::cli::run_command_line({argv + (argc > 0 ? 1 : 0), argv + argc});
}
