// SPDX-License-Identifier: Apache-2.0
#include "supervisor/latch.h"

#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace chock::supervisor {
namespace {

// On the list for as long as its coroutine waits, also when that is cancelled.
class Waiter {
 public:
  Waiter(std::list<asio::steady_timer*>& list, const asio::any_io_executor& executor)
      : timer_(executor, asio::steady_timer::time_point::max()),
        list_(list),
        place_(list.insert(list.end(), &timer_)) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  Waiter(Waiter&&) = delete;
  Waiter& operator=(Waiter&&) = delete;
  ~Waiter() { list_.erase(place_); }

  asio::steady_timer& timer() { return timer_; }

 private:
  asio::steady_timer timer_;
  std::list<asio::steady_timer*>& list_;
  std::list<asio::steady_timer*>::iterator place_;
};

}  // namespace

void Latch::set() {
  set_ = true;
  for (asio::steady_timer* timer : waiters_) {
    timer->cancel();
  }
}

Awaitable<void> Latch::wait() {
  if (set_) {
    co_return;
  }
  Waiter waiter(waiters_, co_await asio::this_coro::executor);
  asio::error_code error;
  co_await waiter.timer().async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (!set_) {
    throw std::system_error(error);  // our coroutine is cancelled, as the losing side of `a || b`
  }
}

Awaitable<void> when_set(Latch* latch) {
  if (latch != nullptr) {
    co_await latch->wait();
  } else {
    co_await readable(-1);
  }
}

}  // namespace chock::supervisor
