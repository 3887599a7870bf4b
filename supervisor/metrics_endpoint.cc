// SPDX-License-Identifier: Apache-2.0
#include "supervisor/metrics_endpoint.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>

#include "supervisor/accept.h"
#include "supervisor/first_of.h"
#include "supervisor/loopback.h"
#include "supervisor/observer.h"

namespace chock::supervisor {
namespace {

constexpr size_t kConnections = 8;  // the others wait in the queue
constexpr size_t kRequestLimit = 8192;
constexpr std::chrono::seconds kConnectionLimit{10};

std::string format_response(std::string_view status, std::string_view body) {
  return "HTTP/1.0 " + std::string(status) +
         "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + std::string(body);
}

std::string refuse(std::string_view status) {
  return format_response(status, std::string(status) + "\n");
}

bool is_whole(std::string_view request) {
  return request.contains("\r\n\r\n") || request.contains("\n\n");
}

// Until its end has come, it is too long, or nothing more will come.
Awaitable<std::string> receive(FdWatch& watch, int client) {
  std::string request;
  std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  while (request.size() <= kRequestLimit && !is_whole(request)) {
    co_await watch.readable();
    const auto got = sys::read_some(client, buffer.data(), buffer.size(), "client");
    if (!got || got->kind == sys::ReadResult::Kind::End) {
      break;
    }
    request.append(buffer.data(), got->bytes);
  }
  co_return request;
}

Awaitable<void> send(FdWatch& watch, int client, std::string_view response) {
  while (!response.empty()) {
    co_await watch.writable();
    const ssize_t sent = ::send(client, response.data(), response.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      break;  // the client is gone
    }
    response.remove_prefix(static_cast<size_t>(std::max<ssize_t>(sent, 0)));
  }
}

}  // namespace

std::string answer_http(std::string_view request, const MetricsEndpoint::Source& source) {
  if (request.size() > kRequestLimit) {
    return refuse("431 Request Header Fields Too Large");
  }
  const std::string_view line = request.substr(0, request.find_first_of("\r\n"));
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', std::min(first, line.size() - 1) + 1);
  if (!is_whole(request) || second == std::string_view::npos ||
      !line.substr(second).starts_with(" HTTP/1.")) {
    return refuse("400 Bad Request");
  }
  const std::string_view path = line.substr(first + 1, second - first - 1);
  if (line.substr(0, first) != "GET") {
    return refuse("405 Method Not Allowed");
  }
  return path.substr(0, path.find('?')) == "/metrics" ? format_response("200 OK", source())
                                                      : refuse("404 Not Found");
}

Result<MetricsEndpoint> MetricsEndpoint::listen(const std::string& address, Source source) {
  constexpr std::string_view kUnix = "unix://";
  if (address.starts_with(kUnix)) {
    return MetricsEndpoint(TRY(rpc::Listener::bind(address.substr(kUnix.size()))),
                           std::move(source));
  }
  return MetricsEndpoint(TRY(listen_on_loopback(address)), std::move(source));
}

int MetricsEndpoint::fd() const {
  const auto* const local = std::get_if<rpc::Listener>(&socket_);
  return local != nullptr ? local->fd() : std::get<sys::UniqueFd>(socket_).get();
}

Awaitable<void> MetricsEndpoint::serve(Latch& stop) {
  co_await first_of(accept_clients(stop), stop.wait());
  while (connections_ > 0) {
    const std::shared_ptr<Latch> left = one_left_;
    co_await left->wait();
  }
}

Awaitable<void> MetricsEndpoint::accept_clients(Latch& stop) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  FdWatch watch(executor, fd());
  while (true) {
    Result<sys::UniqueFd> client = co_await accept_connection(watch, fd());
    if (!client) {
      continue;  // whoever serves the containers meets the same lack of descriptors, and says so
    }
    ++connections_;
    asio::co_spawn(executor, answer(*std::move(client), stop), [this](const auto& failure) {
      --connections_;
      std::exchange(one_left_, std::make_shared<Latch>())->set();
      if (failure) {
        std::rethrow_exception(failure);  // a mistake of ours: not to be survived
      }
    });
    while (connections_ >= kConnections) {
      const std::shared_ptr<Latch> left = one_left_;
      co_await left->wait();
    }
  }
}

Awaitable<void> MetricsEndpoint::answer(sys::UniqueFd client, Latch& stop) {
  co_await first_of(converse(client.get()), pause_for(kConnectionLimit), stop.wait());
}

Awaitable<void> MetricsEndpoint::converse(int client) {
  FdWatch watch(co_await asio::this_coro::executor, client);
  const std::string request = co_await receive(watch, client);
  const std::string response = answer_http(request, source_);
  co_await send(watch, client, response);
}

}  // namespace chock::supervisor
