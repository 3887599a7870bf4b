// SPDX-License-Identifier: Apache-2.0
#include "common/sys/signals.h"

#include <assert.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace chock::sys {
namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) {
    sigaddset(&set, number);
  }
  return set;
}

// glibc's signal(2) refuses the two below SIGRTMIN that it uses itself, and its posix_spawn(3)
// leaves them ignored: that is how they come to us below make(1).
void reset_internal_dispositions() {
  constexpr int kFirst = 32;
  constexpr size_t kMaskSize = NSIG / 8;
  const std::array<long, 8> all_default{};  // the kernel's struct sigaction; SIG_DFL is 0
  for (int number = kFirst; number < SIGRTMIN; ++number) {
    static_cast<void>(::syscall(SYS_rt_sigaction, number, all_default.data(), nullptr, kMaskSize));
  }
}

}  // namespace

void reset_dispositions() {
  for (int number = 1; number < NSIG; ++number) {
    // Fails for SIGKILL and SIGSTOP, which are as they must be.
    static_cast<void>(::signal(number, SIG_DFL));
  }
  reset_internal_dispositions();
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
}

void ignore_user_signals() {
  for (const int number : {SIGUSR1, SIGUSR2}) {
    static_cast<void>(::signal(number, SIG_IGN));
  }
}

BlockedSignals::BlockedSignals(std::initializer_list<int> numbers)
    : BlockedSignals(set_of(numbers)) {}

BlockedSignals BlockedSignals::all() {
  sigset_t set;
  sigfillset(&set);
  return BlockedSignals(set);
}

BlockedSignals::BlockedSignals(const sigset_t& blocked) : blocked_(blocked) {
  const int result = ::sigprocmask(SIG_BLOCK, &blocked_, &former_);
  assert(result == 0);
  static_cast<void>(result);
}

BlockedSignals::~BlockedSignals() {
  static_cast<void>(::sigprocmask(SIG_SETMASK, &former_, nullptr));  // cannot fail: a mask we got
}

Result<SignalFd> SignalFd::make(const BlockedSignals& blocked) {
  const int fd = ::signalfd(-1, &blocked.set(), SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    return system_error("make signalfd");
  }
  return SignalFd(UniqueFd(fd));
}

std::optional<int> SignalFd::take_next() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
    return std::nullopt;
  }
  return static_cast<int>(info.ssi_signo);
}

}  // namespace chock::sys
