// SPDX-License-Identifier: Apache-2.0
// Accepting connections on a socket that is not to block and not to spin.
#pragma once

#include "common/result.h"
#include "common/sys/unique_fd.h"
#include "supervisor/fd_watch.h"

namespace chock::supervisor {

// The next connection, CLOEXEC and non-blocking. An Error comes after a pause: out of descriptors,
// most likely, and the one who connects stays in the queue, so that without it the caller's loop
// would spin until somebody closes something. `watch` is of `listener`.
[[nodiscard]] Awaitable<Result<sys::UniqueFd>> accept_connection(FdWatch& watch, int listener);

}  // namespace chock::supervisor
