// SPDX-License-Identifier: Apache-2.0
#include "supervisor/rpc/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>

#include "common/sys/open_files.h"
#include "supervisor/accept.h"
#include "supervisor/first_of.h"

namespace chock::supervisor::rpc {
namespace {

constexpr size_t kConnections = 256;

// What a client is told that gets no service. Short enough to fit any socket's buffer.
void turn_away(int connection, const char* reason) {
  const std::string line = format_refusal({.id = nullptr, .code = Code::Failed, .reason = reason});
  static_cast<void>(::send(connection, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

}  // namespace

// Clients must not take the descriptors that containers need.
size_t Server::allowed_connections() { return std::min(kConnections, sys::open_file_limit() / 4); }

Awaitable<void> Server::serve(Latch& stop) {
  co_await first_of(accept_clients(), stop.wait());
  for (const std::shared_ptr<Connection>& connection : connections_) {
    connection->drop();
  }
  while (!connections_.empty()) {
    const std::shared_ptr<Latch> left = one_left_;
    co_await left->wait();
  }
}

Awaitable<void> Server::accept_clients() {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  FdWatch watch(executor, listener_.fd());
  for (bool failing = false; true;) {
    Result<sys::UniqueFd> fd = co_await accept_connection(watch, listener_.fd());
    if (fd) {
      admit(executor, *std::move(fd));
      failing = false;
    } else if (!std::exchange(failing, true)) {  // for as long as it lasts it is said once
      note_({.level = Note::Level::Warning, .text = fd.error().message() + ", continuing"});
    }
  }
}

void Server::admit(const asio::any_io_executor& executor, sys::UniqueFd fd) {
  const Result<bool> allowed = may_connect(fd.get(), group_);
  if (!allowed || !*allowed) {
    note_({.level = Note::Level::Warning, .text = "a client without permission was turned away"});
    return turn_away(fd.get(), "permission denied");
  }
  if (connections_.size() >= most_connections_) {
    if (!std::exchange(crowded_, true)) {
      note_({.level = Note::Level::Warning,
             .text = "clients are turned away: there are " + std::to_string(connections_.size()) +
                     " connections"});
    }
    return turn_away(fd.get(), "too many connections");
  }
  crowded_ = crowded_ && connections_.size() > most_connections_ / 2;  // then it may be said again
  const auto connection = std::make_shared<Connection>(
      asio::local::stream_protocol::socket(executor, asio::local::stream_protocol(), fd.take()),
      service_);
  const auto place = connections_.insert(connections_.end(), connection);
  asio::co_spawn(executor, connection->serve(), [this, place](const std::exception_ptr& failure) {
    connections_.erase(place);
    std::exchange(one_left_, std::make_shared<Latch>())->set();
    if (failure) {
      std::rethrow_exception(failure);  // a mistake of ours: not to be survived
    }
  });
}

}  // namespace chock::supervisor::rpc
