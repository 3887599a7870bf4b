// SPDX-License-Identifier: Apache-2.0
// Client is the other end of a Connection: what the command line uses when a server owns the state
// root.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <asio/local/stream_protocol.hpp>

#include "common/result.h"
#include "common/state/json.h"
#include "common/sys/state_dir.h"
#include "supervisor/fd_watch.h"
#include "supervisor/rpc/message.h"

namespace chock::supervisor::rpc {

class Client {
 public:
  // Nothing if no server looks after the containers below `root`.
  [[nodiscard]] static Result<std::optional<Client>> connect(const asio::any_io_executor& executor,
                                                             const sys::StateDir& root);

  // Told of every notification that comes before the answer.
  using Listen = std::function<void(const std::string& method, const state::Json& params)>;

  // One call at a time. An Error is the operation's, as the server has it, or that the server is
  // gone (ECONNRESET). Cancelling it closes the connection, and with it the request.
  [[nodiscard]] Awaitable<Result<state::Json>> call(std::string method, state::Json params,
                                                    Listen listen = {});

  // Notifications of a subscription, one after the other; ends with an Error when the server does.
  [[nodiscard]] Awaitable<Result<Incoming>> next();

 private:
  explicit Client(asio::local::stream_protocol::socket socket) : socket_(std::move(socket)) {}
  asio::local::stream_protocol::socket socket_;
  std::string input_;
  uint64_t calls_ = 0;
};

}  // namespace chock::supervisor::rpc
