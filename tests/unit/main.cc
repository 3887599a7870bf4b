// SPDX-License-Identifier: Apache-2.0
// Runs the unit tests in the state that both programs make for themselves first thing: default
// dispositions, SIGPIPE ignored, every descriptor close-on-exec.
#include <gtest/gtest.h>

#include "common/sys/command.h"
#include "common/sys/signals.h"

int main(int argc, char** argv) {
  chock::sys::reset_dispositions();
  chock::sys::close_on_exec_all();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
