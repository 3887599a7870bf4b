// SPDX-License-Identifier: Apache-2.0
// Server accepts clients and serves each of them until it goes.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"
#include "supervisor/observer.h"
#include "supervisor/rpc/connection.h"
#include "supervisor/rpc/listener.h"

namespace chock::supervisor::rpc {

class Server {
 public:
  // `note` is told what a log should have. All outlive the server.
  Server(const Listener& listener, const Service& service,
         const std::function<void(const Note&)>& note)
      : listener_(listener), service_(service), note_(note) {}

  // Completes when `stop` is set and no request runs any more: they are told that their clients are
  // gone.
  [[nodiscard]] Awaitable<void> serve(Latch& stop);

 private:
  [[nodiscard]] static size_t allowed_connections();
  [[nodiscard]] Awaitable<void> accept_clients();
  void admit(const asio::any_io_executor& executor, sys::UniqueFd fd);

  const Listener& listener_;
  const Service& service_;
  const std::function<void(const Note&)>& note_;
  std::optional<gid_t> group_ = client_group();
  size_t most_connections_ = allowed_connections();
  bool crowded_ = false;  // and the log knows
  std::list<std::shared_ptr<Connection>> connections_;
  std::shared_ptr<Latch> one_left_ = std::make_shared<Latch>();
};

}  // namespace chock::supervisor::rpc
