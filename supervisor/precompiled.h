// SPDX-License-Identifier: Apache-2.0
// What nearly every source of the supervisor includes and is slow to parse: compiled once instead
// of sixty times (measured with clang 19: 9.0 s to 4.9 s for start.cc). Sources name what they use
// all the same; the packages are built without this, and so find one that does not.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>
