// SPDX-License-Identifier: Apache-2.0
#include "supervisor/rpc/client.h"

#include <errno.h>
#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include "common/sys/unique_fd.h"
#include "supervisor/co_try.h"
#include "supervisor/root_lock.h"
#include "supervisor/rpc/socket_path.h"

namespace chock::supervisor::rpc {
namespace {

// Answers are larger than requests: a list holds every process of every container.
constexpr size_t kAnswerLimit = 1UL << 30U;

Error lost(const asio::error_code& error) {
  return {.code = ECONNRESET, .operation = "call", .object = "server", .detail = error.message()};
}

// Whether nobody listens at a path that somebody did listen at.
bool is_nobody(int code) { return code == ECONNREFUSED || code == ENOENT; }

}  // namespace

Result<std::optional<Client>> Client::connect(const asio::any_io_executor& executor,
                                              const sys::StateDir& root) {
  const std::optional<std::string> announced = announced_socket(root);
  if (!announced) {
    return std::nullopt;
  }
  const Result<SocketPath> path = SocketPath::make(*announced);
  if (!path) {
    return path.error().code == ENOENT ? Result<std::optional<Client>>()
                                       : std::unexpected(path.error());
  }
  sys::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // Blocks for as long as the server's queue is full, as connect(2) does on a Unix socket.
  if (!fd.valid() || ::connect(fd.get(), path->address(), path->length()) != 0) {
    return is_nobody(errno) ? Result<std::optional<Client>>() : system_error("connect", *announced);
  }
  return Client(
      asio::local::stream_protocol::socket(executor, asio::local::stream_protocol(), fd.take()));
}

Awaitable<Result<state::Json>> Client::call(std::string method, state::Json params, Listen listen) {
  const uint64_t id = ++calls_;
  asio::error_code error;
  const std::string line = format_request(id, method, params);
  co_await asio::async_write(socket_, asio::buffer(line),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    co_return std::unexpected(lost(error));
  }
  while (true) {
    Result<Incoming> incoming = co_await next();
    CO_TRY(incoming);
    if (!incoming->method.empty()) {
      if (listen) {
        listen(incoming->method, incoming->content);
      }
    } else if (incoming->failure) {
      co_return std::unexpected(*std::move(incoming->failure));
    } else if (incoming->id == id) {
      co_return std::move(incoming->content);
    }
  }
}

Awaitable<Result<Incoming>> Client::next() {
  asio::error_code error;
  const size_t length =
      co_await asio::async_read_until(socket_, asio::dynamic_buffer(input_, kAnswerLimit), '\n',
                                      asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    co_return std::unexpected(lost(error));
  }
  Result<Incoming> incoming = parse_incoming(std::string_view(input_).substr(0, length));
  input_.erase(0, length);
  co_return incoming;
}

}  // namespace chock::supervisor::rpc
