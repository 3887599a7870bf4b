// SPDX-License-Identifier: Apache-2.0
#include "supervisor/fd_watch.h"

#include <poll.h>

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace chock::supervisor {
namespace {

// "Error" is Asio's for EPOLLPRI; hang-ups and errors end each of them.
short events_of(FdWatch::Type type) {
  switch (type) {
    case FdWatch::Type::wait_read:
      return POLLIN;
    case FdWatch::Type::wait_write:
      return POLLOUT;
    case FdWatch::Type::wait_error:
      break;
  }
  return POLLPRI;
}

}  // namespace

bool has_happened(int fd, FdWatch::Type type) {
  pollfd state{.fd = fd, .events = events_of(type), .revents = 0};
  return ::poll(&state, 1, 0) != 0;  // it fails for want of memory alone: then, as if it had
}

Awaitable<void> FdWatch::readable() { return wait(Type::wait_read); }

Awaitable<void> FdWatch::writable() { return wait(Type::wait_write); }

Awaitable<void> FdWatch::hung_up() { return wait(Type::wait_error); }

// Asio (1.22) keeps the records of its descriptors for the next ones, and an event that was already
// on its way to one ends the wait of whoever has got its record meanwhile. With twenty clients, a
// runtime's end was seen while it still ran every few hundred calls. So the kernel has the last
// word.
Awaitable<void> FdWatch::wait(Type type) {
  asio::error_code error;
  do {
    co_await descriptor_.async_wait(type, asio::redirect_error(asio::use_awaitable, error));
  } while (!error && !has_happened(descriptor_.native_handle(), type));
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
