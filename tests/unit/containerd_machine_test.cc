// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <gtest/gtest.h>

#include "supervisor/containerd/machine.h"

namespace chock::supervisor::containerd {
namespace {

TEST(containerd_machine, counts_processors_and_mebibytes) {
  const types::Machine machine =
      parse_machine("cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\ncpu11 0\nintr 1\ncpufreq 1\n",
                    "MemFree: 1 kB\nMemTotal:        2049 kB\n");
  EXPECT_EQ(machine.cpus(), 3U);
  EXPECT_EQ(machine.memory(), 2U);
}

TEST(containerd_machine, takes_anything) {
  for (const char* text :
       {"", "\n", "cpu", "MemTotal:", "MemTotal: x kB", "MemTotal: 99999999999999999999999 kB"}) {
    EXPECT_EQ(parse_machine(text, text).cpus(), 0U) << text;
    EXPECT_EQ(parse_machine(text, text).memory(), 0U) << text;
  }
}

TEST(containerd_machine, reads_this_one) {
  EXPECT_EQ(read_machine().cpus(), static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_GT(read_machine().memory(), 0U);
}

}  // namespace
}  // namespace chock::supervisor::containerd
