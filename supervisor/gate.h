// SPDX-License-Identifier: Apache-2.0
// Gate lets a number of coroutines of one loop in at a time, in the order in which they came.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <utility>

#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"

namespace chock::supervisor {

class Gate {
 public:
  explicit Gate(size_t places) : free_(places) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  Gate(Gate&&) = delete;
  Gate& operator=(Gate&&) = delete;
  ~Gate() = default;  // nobody may be inside or waiting any more

  // A place, given back by the destructor.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

   private:
    friend class Gate;
    explicit Turn(Gate& gate) : gate_(&gate) {}
    Gate* gate_;  // null: moved from
  };

  // Nothing if `gone` (may be null) was set before a place was free.
  [[nodiscard]] Awaitable<std::optional<Turn>> enter(Latch* gone = nullptr);
  // How many wait for a place.
  [[nodiscard]] size_t waiting() const { return queue_.size(); }

 private:
  class Waiting;
  void leave();

  size_t free_;
  std::list<Waiting*> queue_;
};

}  // namespace chock::supervisor
