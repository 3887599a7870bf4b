// SPDX-License-Identifier: Apache-2.0
// Deadline bounds a wait of the loop's: one at a time, the latest counts.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "common/result.h"
#include "common/sys/event_loop.h"

namespace chock::shim {

class Deadline {
 public:
  using Callback = std::move_only_function<void()>;

  // Not movable: the loop knows its address.
  Deadline(sys::EventLoop& loop, Callback on_expired);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  Deadline(Deadline&&) = delete;
  Deadline& operator=(Deadline&&) = delete;
  ~Deadline() = default;

  // Replaces what was set before. An Error leaves the wait without its bound.
  [[nodiscard]] Result<void> set(std::chrono::milliseconds delay);
  void cancel();

 private:
  sys::EventLoop& loop_;
  Callback on_expired_;
  std::optional<sys::Timer> timer_;
  sys::Watch watch_;
};

}  // namespace chock::shim
