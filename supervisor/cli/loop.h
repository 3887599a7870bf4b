// SPDX-License-Identifier: Apache-2.0
// The loop that a verb runs in.
#pragma once

#include <functional>

#include <asio/any_io_executor.hpp>

#include "supervisor/fd_watch.h"

namespace chock::supervisor::cli {

// Runs the task to its end and returns the exit code that it ends with. What else it has begun is
// left behind.
[[nodiscard]] int run_loop(const std::function<Awaitable<int>(asio::any_io_executor)>& task);

}  // namespace chock::supervisor::cli
