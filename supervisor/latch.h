// SPDX-License-Identifier: Apache-2.0
// Latch is something that happens once and that any number of coroutines of one loop wait for.
#pragma once

#include <list>

#include <asio/steady_timer.hpp>

#include "supervisor/fd_watch.h"

namespace chock::supervisor {

class Latch {
 public:
  Latch() = default;
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;
  Latch(Latch&&) = delete;
  Latch& operator=(Latch&&) = delete;
  ~Latch() = default;  // nobody may be waiting any more

  // Wakes whoever waits, once the caller has returned to the loop. Again is fine.
  void set();
  [[nodiscard]] bool is_set() const { return set_; }

  // At once if it is set already.
  [[nodiscard]] Awaitable<void> wait();

 private:
  bool set_ = false;
  std::list<asio::steady_timer*> waiters_;
};

// Null: never.
[[nodiscard]] Awaitable<void> when_set(Latch* latch);

}  // namespace chock::supervisor
