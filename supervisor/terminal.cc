// SPDX-License-Identifier: Apache-2.0
#include "supervisor/terminal.h"

#include <signal.h>
#include <sys/ioctl.h>

#include <utility>

#include "common/sys/signals.h"

namespace chock::supervisor {
namespace {

// Now, not after the output has drained: a terminal whose other side is stuck would keep us for
// ever, and what was written has passed the output processing already.
int apply(int fd, const termios& mode) { return ::tcsetattr(fd, TCSANOW, &mode); }

termios raw(termios mode) {
  ::cfmakeraw(&mode);
  return mode;
}

}  // namespace

std::optional<WindowSize> window_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return std::nullopt;
  }
  return WindowSize{size.ws_col, size.ws_row};
}

Result<RawMode> RawMode::enter(int fd) {
  termios former{};
  if (::tcgetattr(fd, &former) != 0 || apply(fd, raw(former)) != 0) {
    return system_error("set terminal to raw mode");
  }
  return RawMode(fd, former);
}

RawMode::RawMode(RawMode&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), former_(other.former_) {}

RawMode::~RawMode() {
  if (fd_ < 0) {
    return;
  }
  // By now we may be a background job, which the kernel stops when it changes the terminal; unless
  // it blocks the signal (termios(3), tcsetattr in POSIX).
  const sys::BlockedSignals blocked{SIGTTOU};
  static_cast<void>(apply(fd_, former_));  // fails if the terminal is gone, and its mode with it
}

void RawMode::reenter() const {
  static_cast<void>(apply(fd_, raw(former_)));  // gone: its end is seen by whoever reads it
}

}  // namespace chock::supervisor
