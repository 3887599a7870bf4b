// SPDX-License-Identifier: Apache-2.0
#include "supervisor/fd_watch.h"

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace chock::supervisor {

Awaitable<void> FdWatch::readable() { return wait(asio::posix::descriptor_base::wait_read); }

Awaitable<void> FdWatch::writable() { return wait(asio::posix::descriptor_base::wait_write); }

Awaitable<void> FdWatch::hung_up() { return wait(asio::posix::descriptor_base::wait_error); }

Awaitable<void> FdWatch::wait(asio::posix::descriptor_base::wait_type type) {
  asio::error_code error;
  co_await descriptor_.async_wait(type, asio::redirect_error(asio::use_awaitable, error));
  if (error && error != asio::error::operation_not_supported) {
    throw std::system_error(error);
  }
}

Awaitable<void> readable(int fd) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  if (fd < 0) {
    asio::steady_timer never(executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return;
  }
  FdWatch watch(executor, fd);
  co_await watch.readable();
}

Awaitable<void> hang_up(int fd) {
  FdWatch watch(co_await asio::this_coro::executor, fd);
  co_await watch.hung_up();
}

// Asio has one wait for errors, hang-ups and EPOLLPRI.
Awaitable<void> changed(int fd) { return hang_up(fd); }

Awaitable<void> pause_for(std::chrono::milliseconds duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

Awaitable<void> yield_once() { co_await asio::post(asio::use_awaitable); }

}  // namespace chock::supervisor
