// SPDX-License-Identifier: Apache-2.0
#include "shim/deadline.h"

namespace chock::shim {

Deadline::Deadline(sys::EventLoop& loop, Callback on_expired)
    : loop_(loop), on_expired_(std::move(on_expired)) {}

Result<void> Deadline::set(std::chrono::milliseconds delay) {
  cancel();
  timer_ = TRY(sys::Timer::make(delay));
  watch_ = TRY(loop_.watch(timer_->fd(), EPOLLIN, sys::Order::Timer, [this](uint32_t) {
    cancel();
    on_expired_();
  }));
  return {};
}

void Deadline::cancel() {
  watch_.reset();
  timer_.reset();
}

}  // namespace chock::shim
