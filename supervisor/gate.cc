// SPDX-License-Identifier: Apache-2.0
#include "supervisor/gate.h"

#include "supervisor/first_of.h"

namespace chock::supervisor {

// A place in the queue, for as long as its coroutine lives: one that is destroyed between being let
// in and going in gives its place on.
class Gate::Waiting {
 public:
  explicit Waiting(Gate& gate) : gate_(gate), place_(gate.queue_.insert(gate.queue_.end(), this)) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  Waiting(Waiting&&) = delete;
  Waiting& operator=(Waiting&&) = delete;
  ~Waiting() {
    if (!let_in_.is_set()) {
      gate_.queue_.erase(place_);
    } else if (!taken_) {
      gate_.leave();
    }
  }

  void let_in() {
    gate_.queue_.erase(place_);
    let_in_.set();
  }
  [[nodiscard]] Latch& latch() { return let_in_; }
  [[nodiscard]] bool take() { return taken_ = let_in_.is_set(); }

 private:
  Gate& gate_;
  std::list<Waiting*>::iterator place_;
  Latch let_in_;
  bool taken_ = false;
};

Gate::Turn::~Turn() {
  if (gate_ != nullptr) {
    gate_->leave();
  }
}

void Gate::leave() {
  if (queue_.empty()) {
    ++free_;
  } else {
    queue_.front()->let_in();
  }
}

Awaitable<std::optional<Gate::Turn>> Gate::enter(Latch* gone) {
  if (gone != nullptr && gone->is_set()) {
    co_return std::nullopt;
  }
  if (free_ > 0) {
    --free_;
    co_return Turn(*this);
  }
  Waiting waiting(*this);
  if (gone == nullptr) {
    co_await waiting.latch().wait();
  } else {
    co_await first_of(waiting.latch().wait(), gone->wait());
  }
  if (!waiting.take()) {
    co_return std::nullopt;
  }
  co_return Turn(*this);
}

}  // namespace chock::supervisor
