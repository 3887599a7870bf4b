// SPDX-License-Identifier: Apache-2.0
#include "supervisor/first_of.h"

#include <utility>

#include <asio/experimental/awaitable_operators.hpp>

namespace chock::supervisor {

using asio::experimental::awaitable_operators::operator||;

Awaitable<size_t> first_of(Awaitable<void> a, Awaitable<void> b) {
  const auto first = co_await (std::move(a) || std::move(b));
  co_return first.index();
}

Awaitable<size_t> first_of(Awaitable<void> a, Awaitable<void> b, Awaitable<void> c) {
  const auto first = co_await (std::move(a) || std::move(b) || std::move(c));
  co_return first.index();
}

}  // namespace chock::supervisor
