// SPDX-License-Identifier: Apache-2.0
// Waiting for a process's end: its shim says so by ending.
#pragma once

#include "common/sys/pidfd.h"
#include "supervisor/fd_watch.h"

namespace chock::supervisor {

// Completes when the exit fifo's writer is gone or the shim, our child, has ended; the latter alone
// speaks of a shim that dies before it opens the fifo. `exit_fifo` was opened before the shim did.
[[nodiscard]] Awaitable<void> await_exit(int exit_fifo, const sys::Pidfd& shim);

// The same where the shim is not our child. Completes at once if there is no writer.
[[nodiscard]] Awaitable<void> await_hang_up(int exit_fifo);

}  // namespace chock::supervisor
