// SPDX-License-Identifier: Apache-2.0
// MetricsEndpoint hands metrics to whoever asks over HTTP: GET /metrics, and nothing else.
//
// Not a web server: one short request and one answer a connection (HTTP/1.0, RFC 1945), a few
// connections at a time, each with a bound on its size and on its time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"
#include "common/sys/unique_fd.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"
#include "supervisor/rpc/listener.h"

namespace chock::supervisor {

class MetricsEndpoint {
 public:
  using Source = std::function<std::string()>;  // the metrics as they are now

  // `address`: unix:///PATH or HOST:PORT of this machine (loopback.h): nobody has to say who they
  // are.
  [[nodiscard]] static Result<MetricsEndpoint> listen(const std::string& address, Source source);

  // Completes when `stop` is set and no connection is left.
  [[nodiscard]] Awaitable<void> serve(Latch& stop);

 private:
  MetricsEndpoint(std::variant<rpc::Listener, sys::UniqueFd> socket, Source source)
      : socket_(std::move(socket)), source_(std::move(source)) {}
  [[nodiscard]] int fd() const;
  [[nodiscard]] Awaitable<void> accept_clients(Latch& stop);
  [[nodiscard]] Awaitable<void> answer(sys::UniqueFd client, Latch& stop);
  [[nodiscard]] Awaitable<void> converse(int client);

  std::variant<rpc::Listener, sys::UniqueFd> socket_;
  Source source_;
  size_t connections_ = 0;
  std::shared_ptr<Latch> one_left_ = std::make_shared<Latch>();  // set when the next one goes
};

// The whole answer to all that a client has sent; exposed for its test.
[[nodiscard]] std::string answer_http(std::string_view request,
                                      const MetricsEndpoint::Source& source);

}  // namespace chock::supervisor
