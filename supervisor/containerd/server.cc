// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/server.h"

#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <chrono>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/this_coro.hpp>

#include "supervisor/accept.h"

namespace chock::supervisor::containerd {

grpc::ServerGenericBidiReactor* Server::Service::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  const Method* method = find_method(context->method());
  return new Call(backend_, method, method ? grpc::Status() : refuse_path(context->method()));
}

Result<std::unique_ptr<Server>> Server::start(int listener, Api& api,
                                              const asio::any_io_executor& loop,
                                              const std::function<void(const Note&)>& note) {
  std::unique_ptr<Server> server(new Server(listener, api, loop, note));
  if (!server->server_) {
    return input_error("start", "gRPC", "it refuses");
  }
  server->thread_ = std::thread([running = server.get()] { running->run_thread(); });
  return server;
}

Server::Server(int listener, Api& api, const asio::any_io_executor& loop,
               const std::function<void(const Note&)>& note)
    : listener_(listener),
      note_(note),
      backend_{.door = Door(loop), .loop = loop, .api = &api},
      service_(backend_) {
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&service_);
  // As the original was: it neither counts pings nor sends any to find out the bandwidth.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  server_ = builder.BuildAndStart();
}

Server::~Server() {
  if (thread_.joinable()) {
    accepting_.stop();
    thread_.join();
  }
}

Awaitable<void> Server::serve(Latch& stop) {
  co_await stop.wait();
  accepting_.stop();
  co_await stopped_->wait();
}

void Server::run_thread() {
  asio::co_spawn(accepting_, accept_connections(), asio::detached);
  accepting_.run();
  // Blocks until every call is finished, which is for the loop to do: it is told that their clients
  // are gone.
  server_->Shutdown(std::chrono::system_clock::now());
  backend_.door.post([stopped = stopped_] { stopped->set(); });
}

Awaitable<void> Server::accept_connections() {
  FdWatch watch(co_await asio::this_coro::executor, listener_);
  while (true) {
    Result<sys::UniqueFd> connection = co_await accept_connection(watch, listener_);
    if (connection) {
      grpc::AddInsecureChannelFromFd(server_.get(), connection->take());
    } else {
      backend_.door.post([this, text = connection.error().message()] {
        note_({.level = Note::Level::Warning, .text = text});
      });
    }
  }
}

}  // namespace chock::supervisor::containerd
