// SPDX-License-Identifier: Apache-2.0
// WatchedProcess is the process that a shim is there for, from the moment its number is known to
// its end.
#pragma once

#include <functional>

#include "common/result.h"
#include "common/sys/event_loop.h"
#include "common/sys/pidfd.h"
#include "shim/deadline.h"

namespace chock::shim {

class WatchedProcess {
 public:
  using OnEnd = std::move_only_function<void(const sys::Reaped&)>;

  // `on_end` hears at most once, and only of a process that is not our child: the end of one that
  // is, the caller learns by reaping. It may destroy this object.
  WatchedProcess(sys::EventLoop& loop, sys::Pidfd pidfd, OnEnd on_end);
  WatchedProcess(const WatchedProcess&) = delete;
  WatchedProcess& operator=(const WatchedProcess&) = delete;
  WatchedProcess(WatchedProcess&&) = delete;
  WatchedProcess& operator=(WatchedProcess&&) = delete;
  ~WatchedProcess() = default;

  // Finds out whose child the process is, and registers with the loop if it is not ours.
  [[nodiscard]] Result<void> start();

  [[nodiscard]] pid_t pid() const { return pidfd_.pid(); }
  // A process that has gone already is as good as one that was told.
  void signal(int number) const { static_cast<void>(pidfd_.signal(number)); }

 private:
  void on_stranger_event(uint32_t events);
  void report_stranger();
  void report(const sys::Reaped& process);

  sys::EventLoop& loop_;
  sys::Pidfd pidfd_;
  OnEnd on_end_;
  sys::Watch watch_;
  Deadline deadline_;
};

}  // namespace chock::shim
