// SPDX-License-Identifier: Apache-2.0
// The bridge from descriptors, which common/sys owns, to Asio, which waits for them.
#pragma once

#include <chrono>

#include <asio/awaitable.hpp>
#include <asio/posix/stream_descriptor.hpp>

namespace chock::supervisor {

template <class T>
using Awaitable = asio::awaitable<T>;

// Waits for one borrowed descriptor, which must outlive the watch. Two watches of one descriptor
// cannot exist at the same time.
//
// A cancelled wait throws, which is how Asio unwinds the losing side of `a || b`; the operator
// catches it.
class FdWatch {
 public:
  using Type = asio::posix::descriptor_base::wait_type;

  FdWatch(const asio::any_io_executor& executor, int fd) : descriptor_(executor, fd) {}
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  FdWatch(FdWatch&&) = delete;
  FdWatch& operator=(FdWatch&&) = delete;
  ~FdWatch() { descriptor_.release(); }

  // Also when the other side has hung up. Regular files, which epoll(7) refuses, are always ready.
  [[nodiscard]] Awaitable<void> readable();
  [[nodiscard]] Awaitable<void> writable();
  // Only when the other side has hung up; of a pidfd: when the process has been waited for.
  [[nodiscard]] Awaitable<void> hung_up();

 private:
  [[nodiscard]] Awaitable<void> wait(Type type);

  asio::posix::stream_descriptor descriptor_;
};

// Whether a wait of that type has an end. What Asio's own waits say has to be asked for: they end
// without one, rarely.
[[nodiscard]] bool has_happened(int fd, FdWatch::Type type);

// Waits for `fd` to become readable; never, if it is negative.
[[nodiscard]] Awaitable<void> readable(int fd);

// Waits for `fd` to hang up.
[[nodiscard]] Awaitable<void> hang_up(int fd);

// Waits for a file of the kernel's to announce a change since it was last read (EPOLLPRI): those
// called "events" in control groups of version 2 do. Also completes when the file has gone.
[[nodiscard]] Awaitable<void> changed(int fd);

// Completes after `duration`.
[[nodiscard]] Awaitable<void> pause_for(std::chrono::milliseconds duration);

// Lets everything else that is ready run first.
[[nodiscard]] Awaitable<void> yield_once();

}  // namespace chock::supervisor
