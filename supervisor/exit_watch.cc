// SPDX-License-Identifier: Apache-2.0
#include "supervisor/exit_watch.h"

#include <poll.h>

#include <array>

#include "common/state/layout.h"
#include "common/sys/fifo.h"
#include "common/sys/unique_fd.h"
#include "supervisor/first_of.h"

namespace chock::supervisor {
namespace {

// The contract forbids data in the exit fifo; were there any, it would keep the fifo readable.
void discard_data(int exit_fifo) {
  std::array<char, 512> buffer{};
  Result<sys::ReadResult> got = sys::ReadResult{};
  do {
    got = sys::read_some(exit_fifo, buffer.data(), buffer.size(), state::layout::kExitFifo);
  } while (got && got->kind == sys::ReadResult::Kind::Bytes);
}

// Whether the writer has come and gone. False for one that had gone before the fifo was opened: the
// kernel does not tell.
bool hung_up(int exit_fifo) {
  pollfd poll_fd{exit_fifo, POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLHUP) != 0;
}

}  // namespace

Awaitable<void> await_exit(int exit_fifo, const sys::Pidfd& shim) {
  while (!hung_up(exit_fifo) && !shim.ended()) {
    discard_data(exit_fifo);
    co_await first_of(readable(exit_fifo), readable(shim.fd()));
  }
}

Awaitable<void> await_hang_up(int exit_fifo) {
  while (sys::has_writer(exit_fifo)) {  // and its hang-up is still to come
    co_await readable(exit_fifo);
  }
}

}  // namespace chock::supervisor
