// SPDX-License-Identifier: Apache-2.0
#include "supervisor/accept.h"

#include <errno.h>
#include <sys/socket.h>

namespace chock::supervisor {
namespace {

constexpr std::chrono::milliseconds kPause{100};

// A client that went before it was accepted (accept(2), "Error handling").
bool is_clients_fault(int code) { return code == ECONNABORTED || code == EPROTO || code == EINTR; }

}  // namespace

Awaitable<Result<sys::UniqueFd>> accept_connection(FdWatch& watch, int listener) {
  while (true) {
    sys::UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.valid()) {
      co_return fd;
    }
    const int reason = errno;
    if (reason == EAGAIN) {
      co_await watch.readable();
    } else if (!is_clients_fault(reason)) {
      co_await pause_for(kPause);
      co_return system_error(reason, "accept");
    }
  }
}

}  // namespace chock::supervisor
