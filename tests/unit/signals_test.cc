// SPDX-License-Identifier: Apache-2.0
#include "common/sys/signals.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

bool is_blocked(int number) {
  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, number) == 1;
}

TEST(signals, blocked_while_alive) {
  ASSERT_FALSE(is_blocked(SIGUSR1));
  {
    const BlockedSignals outer({SIGUSR1});
    {
      const BlockedSignals inner({SIGUSR1, SIGUSR2});
      EXPECT_TRUE(is_blocked(SIGUSR2));
    }
    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_FALSE(is_blocked(SIGUSR2));
  }
  EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(signals, arrive_as_data) {
  const BlockedSignals blocked({SIGUSR1, SIGUSR2});
  const SignalFd signals = test::must(SignalFd::make(blocked));
  EXPECT_EQ(signals.take_next(), std::nullopt);
  ::raise(SIGUSR2);
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);  // merged with the one before
  EXPECT_TRUE(test::wait_ready(signals.fd(), POLLIN));
  EXPECT_EQ(signals.take_next(), SIGUSR1);  // the lowest number first
  EXPECT_EQ(signals.take_next(), SIGUSR2);
  EXPECT_EQ(signals.take_next(), std::nullopt);
}

TEST(signals, dispositions_are_default_but_for_sigpipe) {
  const Pidfd child = test::fork_child([] {
    for (const int number : {SIGCHLD, SIGTERM, SIGHUP, SIGUSR1, SIGRTMIN}) {
      ::signal(number, SIG_IGN);
    }
    reset_dispositions();
    for (int number = 1; number <= SIGRTMAX; ++number) {
      struct sigaction action{};
      if (::sigaction(number, nullptr, &action) == 0 &&
          action.sa_handler != (number == SIGPIPE ? SIG_IGN : SIG_DFL)) {
        return number;
      }
    }
    return 0;
  });
  EXPECT_EQ(test::wait_for(child).status.number(), 0U) << "the number of a wrong one";
}

// As a program has them that make(1) has started: posix_spawn(3) leaves them so.
TEST(signals, not_even_those_of_glibc_stay_ignored) {
  const Pidfd child = test::fork_child([] {
    const std::array<unsigned long, 8> ignored{1};  // the kernel's struct sigaction: SIG_IGN
    for (const int number : {32, 33}) {
      if (::syscall(SYS_rt_sigaction, number, ignored.data(), nullptr, 8UL) != 0) {
        return 1;
      }
    }
    reset_dispositions();
    const std::string status =
        read_all(test::open_fd("/proc/self/status", O_RDONLY).get(), 65536, "status").value_or("");
    return status.contains("SigIgn:\t0000000000001000\n") ? 0 : 2;  // SIGPIPE
  });
  EXPECT_EQ(test::wait_for(child).status.number(), 0U);
}

TEST(signals, user_signals_can_be_ignored) {
  const Pidfd child = test::fork_child([] {
    ignore_user_signals();
    return ::raise(SIGUSR1) == 0 && ::raise(SIGUSR2) == 0 ? 0 : 1;
  });
  EXPECT_EQ(test::wait_for(child).status.number(), 0U);
}

}  // namespace
}  // namespace chock::sys
