// SPDX-License-Identifier: Apache-2.0
#include "common/sys/exit_status.h"

#include <signal.h>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

// As the kernel packs them, wait4(2).
int packed_exit(int code) { return code << 8; }
int packed_signal(int number, bool core) { return number | (core ? 0x80 : 0); }

TEST(exit_status, every_code) {
  for (int code = 0; code < 256; ++code) {
    const ExitStatus status = ExitStatus::from_wait(packed_exit(code));
    EXPECT_TRUE(status.known());
    EXPECT_TRUE(status.exited());
    EXPECT_FALSE(status.signalled());
    EXPECT_FALSE(status.dumped_core());
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(status.number(), static_cast<uint32_t>(code));
    EXPECT_EQ(status.success(), code == 0);
  }
}

TEST(exit_status, every_signal_with_and_without_core) {
  for (int number = 1; number <= SIGRTMAX; ++number) {
    for (const bool core : {false, true}) {
      const ExitStatus status = ExitStatus::from_wait(packed_signal(number, core));
      EXPECT_TRUE(status.known());
      EXPECT_FALSE(status.exited());
      EXPECT_TRUE(status.signalled());
      EXPECT_FALSE(status.success());
      EXPECT_EQ(status.signal(), number);
      EXPECT_EQ(status.dumped_core(), core);
      EXPECT_EQ(status.number(), static_cast<uint32_t>(128 + number));  // never the core bit
    }
  }
}

TEST(exit_status, anything_else_is_unknown) {
  const ExitStatus statuses[] = {
      ExitStatus(), ExitStatus::unknown(),
      ExitStatus::from_wait(0x137F),  // stopped by SIGSTOP
      ExitStatus::from_wait(0xFFFF),  // continued
  };
  for (const ExitStatus& status : statuses) {
    EXPECT_FALSE(status.known());
    EXPECT_FALSE(status.exited());
    EXPECT_FALSE(status.signalled());
    EXPECT_FALSE(status.success());
    EXPECT_EQ(status.number(), 255U);
    EXPECT_EQ(status, ExitStatus::unknown());
  }
}

TEST(exit_status, equality_tells_kinds_apart) {
  EXPECT_EQ(ExitStatus::from_wait(packed_exit(9)), ExitStatus::from_wait(packed_exit(9)));
  EXPECT_NE(ExitStatus::from_wait(packed_exit(9)), ExitStatus::from_wait(packed_signal(9, false)));
  EXPECT_NE(ExitStatus::from_wait(packed_exit(0)), ExitStatus::unknown());
}

}  // namespace
}  // namespace chock::sys
