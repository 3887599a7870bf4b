// SPDX-License-Identifier: Apache-2.0
// Api carries out the methods of types.API on the supervisor. It knows how a request is said in
// other words, and nothing else; on the supervisor's loop only.
#pragma once

#include <functional>
#include <string>

#include "supervisor/containerd/api.pb.h"
#include "supervisor/containerd/reply.h"
#include "supervisor/event_log.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"
#include "supervisor/observer.h"
#include "supervisor/supervisor.h"

namespace chock::supervisor::containerd {

class Responder;

class Api {
 public:
  // All outlive it. `missing_shim`: the shim that was asked for and does not exist; empty: it does.
  Api(Supervisor& supervisor, EventLog& events, const std::function<void(const Note&)>& note,
      std::string missing_shim);

  // `gone` is set when the client has lost interest.
  [[nodiscard]] Awaitable<Reply<types::CreateContainerResponse>> create_container(
      types::CreateContainerRequest request, Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::UpdateContainerResponse>> update_container(
      types::UpdateContainerRequest request, Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::SignalResponse>> signal(types::SignalRequest request,
                                                               Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::UpdateProcessResponse>> update_process(
      types::UpdateProcessRequest request, Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::AddProcessResponse>> add_process(
      types::AddProcessRequest request, Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::CreateCheckpointResponse>> create_checkpoint(
      types::CreateCheckpointRequest request, Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::DeleteCheckpointResponse>> delete_checkpoint(
      types::DeleteCheckpointRequest request, Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::ListCheckpointResponse>> list_checkpoints(
      types::ListCheckpointRequest request, Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::StateResponse>> state(types::StateRequest request,
                                                             Latch& gone);
  [[nodiscard]] Awaitable<Reply<types::StatsResponse>> stats(types::StatsRequest request,
                                                             Latch& gone);

  // Ends with the client, or after the replay if that is all it wants.
  [[nodiscard]] Awaitable<grpc::Status> events(types::EventsRequest request, Responder& client);

 private:
  [[nodiscard]] Awaitable<Result<Done>> set_status(types::UpdateContainerRequest request);
  [[nodiscard]] Awaitable<Result<void>> require_process(std::string id, std::string process);

  Supervisor& supervisor_;
  EventLog& events_;
  const std::function<void(const Note&)>& note_;
  std::string missing_shim_;
  types::Machine machine_;
};

}  // namespace chock::supervisor::containerd
