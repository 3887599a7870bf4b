// SPDX-License-Identifier: Apache-2.0
// Waiting for whichever of several things comes first. The others are called off, and have ended
// when this does. It is Asio's operator||, compiled once: that takes seconds wherever it is used.
#pragma once

#include <stddef.h>

#include "supervisor/fd_watch.h"

namespace chock::supervisor {

// Which it was, from 0 on.
Awaitable<size_t> first_of(Awaitable<void> a, Awaitable<void> b);
Awaitable<size_t> first_of(Awaitable<void> a, Awaitable<void> b, Awaitable<void> c);

}  // namespace chock::supervisor
