// SPDX-License-Identifier: Apache-2.0
// The reading side of the control fifo.
#pragma once

#include <functional>

#include "common/result.h"
#include "common/state/control_message.h"
#include "common/sys/event_loop.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::shim {

class Control {
 public:
  using OnMessage = std::move_only_function<void(const state::ControlMessage&)>;
  using OnBadLine = std::move_only_function<void(const Error&)>;

  // Opened for both directions, so that it never hangs up when the supervisor dies.
  [[nodiscard]] static Result<sys::UniqueFd> open(const sys::StateDir& dir);

  // A bad line is skipped; `on_bad_line` hears of the first one only.
  Control(sys::UniqueFd fifo, OnMessage on_message, OnBadLine on_bad_line);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  Control(Control&&) = delete;
  Control& operator=(Control&&) = delete;
  ~Control() = default;

  [[nodiscard]] Result<void> start(sys::EventLoop& loop);

 private:
  void read();
  void deliver_lines();
  void report_bad_line(const state::LineSplitter::Line& line);

  sys::UniqueFd fifo_;
  OnMessage on_message_;
  OnBadLine on_bad_line_;
  state::LineSplitter lines_;
  bool bad_line_reported_ = false;
  sys::Watch watch_;
};

}  // namespace chock::shim
