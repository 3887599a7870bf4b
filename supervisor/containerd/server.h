// SPDX-License-Identifier: Apache-2.0
// Server is gRPC's server with a thread of its own that accepts connections, so that health is
// answered whatever the supervisor's loop is doing.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <thread>

#include <asio/io_context.hpp>

#include "common/result.h"
#include "supervisor/containerd/call.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"
#include "supervisor/observer.h"

namespace chock::supervisor::containerd {

class Server {
 public:
  // Accepts from `listener`, which outlives it, as does `api`, and carries requests out on `loop`.
  // The signals that the loop reads must be blocked by now: threads begin here. `note` is called on
  // the loop.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(
      int listener, Api& api, const asio::any_io_executor& loop,
      const std::function<void(const Note&)>& note);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;
  // Waits for the calls that have not been answered. If serve() has not completed, the loop must be
  // gone, and what was suspended in it answered by that.
  ~Server();

  // On the loop: completes when `stop` is set and every call has been answered.
  [[nodiscard]] Awaitable<void> serve(Latch& stop);

  // Before the loop goes.
  void leave_loop() { backend_.door.shut(); }

 private:
  class Service : public grpc::CallbackGenericService {
   public:
    explicit Service(Backend& backend) : backend_(backend) {}
    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override;

   private:
    Backend& backend_;
  };

  Server(int listener, Api& api, const asio::any_io_executor& loop,
         const std::function<void(const Note&)>& note);
  [[nodiscard]] Awaitable<void> accept_connections();
  void run_thread();

  int listener_;
  const std::function<void(const Note&)>& note_;
  Backend backend_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<Latch> stopped_ = std::make_shared<Latch>();
  asio::io_context accepting_{1};  // the thread's
  std::thread thread_;
};

}  // namespace chock::supervisor::containerd
