// SPDX-License-Identifier: Apache-2.0
// Signals as data: blocked first thing, read from a signalfd. No handler is ever installed.
#pragma once

#include <signal.h>

#include <initializer_list>
#include <optional>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

// Puts every disposition back to its default, whatever our parent left (an inherited SIG_IGN for
// SIGCHLD would make the kernel throw exit statuses away), then ignores SIGPIPE.
void reset_dispositions();

// SIGUSR1 and SIGUSR2 have no effect from here on. Not blocked but ignored: whenever a mask is put
// back, one that is pending would still kill. A child gets their defaults from `spawn`.
void ignore_user_signals();

// Blocks `numbers` while alive and puts the former mask back afterwards. A child gets an empty mask
// from `spawn` in any case.
class BlockedSignals {
 public:
  BlockedSignals(std::initializer_list<int> numbers);
  // Whatever can be blocked. A fault of our own (SIGSEGV and its like) ends us all the same, and so
  // does abort(3).
  [[nodiscard]] static BlockedSignals all();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  BlockedSignals(BlockedSignals&&) = delete;
  BlockedSignals& operator=(BlockedSignals&&) = delete;
  ~BlockedSignals();

  [[nodiscard]] const sigset_t& set() const { return blocked_; }

 private:
  explicit BlockedSignals(const sigset_t& blocked);
  sigset_t blocked_{};
  sigset_t former_{};
};

// Delivers the blocked signals as bytes to read. A SIGCHLD says "look", never "who": several may
// have been merged into one (signal(7)).
class SignalFd {
 public:
  [[nodiscard]] static Result<SignalFd> make(const BlockedSignals& blocked);

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next pending signal's number.
  [[nodiscard]] std::optional<int> take_next() const;

 private:
  explicit SignalFd(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace chock::sys
