// SPDX-License-Identifier: Apache-2.0
// This program's own terminal: its size, and raw mode for as long as a process's terminal is shown
// on it.
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>

#include "common/result.h"

namespace chock::supervisor {

struct WindowSize {
  uint16_t columns = 0;
  uint16_t rows = 0;
  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

// Nothing if `fd` is no terminal, or one that does not know its size.
[[nodiscard]] std::optional<WindowSize> window_size(int fd);

// Raw mode, while alive: every key goes to the process, ^C included, and its output is not touched.
// Nobody but SIGKILL and a crash can end this program without the former mode coming back, because
// all signals that would are blocked and read as data: see sys::SignalFd.
class RawMode {
 public:
  // Borrows the terminal, which must outlive the object. ENOTTY if it is none.
  [[nodiscard]] static Result<RawMode> enter(int fd);
  RawMode(RawMode&& other) noexcept;
  RawMode& operator=(RawMode&&) = delete;
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  ~RawMode();

  // Raw again, after we were stopped and the shell has put its own mode in place (SIGCONT).
  void reenter() const;

 private:
  RawMode(int fd, const termios& former) : fd_(fd), former_(former) {}

  int fd_;  // -1: moved from
  termios former_;
};

}  // namespace chock::supervisor
