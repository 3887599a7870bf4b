// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/api.h"

#include <errno.h>

#include <algorithm>

#include "common/state/id.h"
#include "supervisor/co_try.h"
#include "supervisor/containerd/answers.h"
#include "supervisor/containerd/machine.h"
#include "supervisor/containerd/requests.h"
#include "supervisor/containerd/status.h"
#include "supervisor/program_paths.h"

namespace chock::supervisor::containerd {
namespace {

std::unexpected<grpc::Status> refuse(const Error& error) {
  return std::unexpected(to_status(as_lookup(error)));
}

// Of a container that is to be made.
std::unexpected<grpc::Status> refuse_new(Error error) {
  if (error.operation == kFindRuntime) {
    // It was for the shim to find out, so these are its words.
    const bool path = error.object.contains('/');
    error.detail = path ? "shim error: fork/exec " + error.object + ": " + error.detail
                        : "shim error: " + error.object + " " + error.detail;
  }
  return std::unexpected(to_status(error));
}

Caller caller_of(Latch& gone) { return {.gone = &gone, .prepared = {}}; }

// A shim that has ended, while its exit is still to be told, has nothing to read any more. That is
// nobody's mistake: clients often close stdin that late.
bool is_too_late(const Error& error) { return error.code == ESRCH && error.detail.empty(); }

// The answer of an operation that has nothing to tell, as a message that has no fields.
template <class Message, class Value>
Reply<Message> to_reply(const Result<Value>& result) {
  return result ? Reply<Message>(Message()) : refuse(result.error());
}

}  // namespace

Api::Api(Supervisor& supervisor, EventLog& events, const std::function<void(const Note&)>& note,
         std::string missing_shim)
    : supervisor_(supervisor),
      events_(events),
      note_(note),
      missing_shim_(std::move(missing_shim)),
      machine_(read_machine()) {}

Awaitable<Reply<types::CreateContainerResponse>> Api::create_container(
    types::CreateContainerRequest request, Latch& gone) {
  Result<StartRequest> start = to_start(request);
  if (start && !missing_shim_.empty()) {
    start = input_error("", "", missing_shim_ + " not installed on system");
  }
  if (!start) {
    co_return refuse_new(start.error());
  }
  const Result<StartAnswer> started =
      co_await supervisor_.start(*std::move(start), caller_of(gone));
  if (!started) {
    co_return refuse_new(started.error());
  }
  // Nothing has run in between, so that even a process that has ended by now is still there.
  const Result<ContainerInfo> info =
      co_await supervisor_.state(request_for<StateRequest>(started->id));
  if (!info) {
    co_return std::unexpected(
        grpc::Status(grpc::StatusCode::INTERNAL,
                     "get processes for container: " + to_status(info.error()).error_message()));
  }
  types::CreateContainerResponse response;
  *response.mutable_container() = to_container(*info);
  co_return response;
}

Awaitable<Reply<types::UpdateContainerResponse>> Api::update_container(
    types::UpdateContainerRequest request, Latch& /*gone*/) {
  using Response = types::UpdateContainerResponse;
  if (!request.status().empty()) {
    co_return to_reply<Response>(co_await set_status(std::move(request)));
  }
  if (!request.has_resources()) {
    co_return to_reply<Response>(
        co_await supervisor_.state(request_for<StateRequest>(request.id())));
  }
  Result<UpdateRequest> update = to_update(request);
  if (!update) {
    co_return refuse(update.error());
  }
  co_return to_reply<Response>(co_await supervisor_.update(*std::move(update)));
}

Awaitable<Result<Done>> Api::set_status(types::UpdateContainerRequest request) {
  if (request.status() == "running") {
    co_return co_await supervisor_.resume(request_for<ResumeRequest>(request.id()));
  }
  if (request.status() == "paused") {
    co_return co_await supervisor_.pause(request_for<PauseRequest>(request.id()));
  }
  CO_TRY(co_await supervisor_.state(request_for<StateRequest>(request.id())));
  co_return input_error("", "", "containerd: unknown container status ");
}

// Where a request names a process: unlike elsewhere, no id is none and not init, and one that
// cannot be an id is nobody's.
Awaitable<Result<void>> Api::require_process(std::string id, std::string process) {
  const Result<ContainerInfo> info = co_await supervisor_.state(request_for<StateRequest>(id));
  CO_TRY(info);
  if (std::ranges::find(info->processes, process, &ProcessInfo::process) == info->processes.end()) {
    co_return std::unexpected(
        Error{ESRCH, "find", id + " " + process, "containerd: process not found for container"});
  }
  co_return Result<void>();
}

Awaitable<Reply<types::SignalResponse>> Api::signal(types::SignalRequest request, Latch& /*gone*/) {
  using Response = types::SignalResponse;
  const Result<void> possible = state::check_id(request.pid(), "process id");
  if (!possible) {
    co_return to_reply<Response>(co_await require_process(request.id(), request.pid()));
  }
  co_return to_reply<Response>(co_await supervisor_.kill(to_kill(request)));
}

Awaitable<Reply<types::UpdateProcessResponse>> Api::update_process(
    types::UpdateProcessRequest request, Latch& /*gone*/) {
  const Result<void> found = co_await require_process(request.id(), request.pid());
  if (!found) {
    co_return refuse(found.error());
  }
  if (request.closestdin()) {
    const Result<Done> closed = co_await supervisor_.close_stdin(to_close_stdin(request));
    if (!closed && !is_too_late(closed.error())) {
      co_return refuse(closed.error());
    }
  }
  if (request.width() > 0 || request.height() > 0) {
    const Result<Done> resized = co_await supervisor_.resize(to_resize(request));
    // The contract: the size of a terminal that there is not changes nothing, and is no error.
    const bool harmless = resized || is_too_late(resized.error()) || resized.error().code == ENOTTY;
    if (!harmless) {
      co_return refuse(resized.error());
    }
  }
  co_return types::UpdateProcessResponse();
}

Awaitable<Reply<types::AddProcessResponse>> Api::add_process(types::AddProcessRequest request,
                                                             Latch& gone) {
  Result<ExecRequest> exec = to_exec(request);
  if (!exec) {
    co_return refuse(exec.error());
  }
  const Result<StartAnswer> started = co_await supervisor_.exec(*std::move(exec), caller_of(gone));
  if (!started) {
    co_return refuse(started.error());
  }
  types::AddProcessResponse response;
  response.set_systempid(static_cast<uint32_t>(started->pid));
  co_return response;
}

Awaitable<Reply<types::CreateCheckpointResponse>> Api::create_checkpoint(
    types::CreateCheckpointRequest request, Latch& /*gone*/) {
  Result<CheckpointCreateRequest> create = to_checkpoint_create(request);
  if (!create) {
    co_return refuse(create.error());
  }
  co_return to_reply<types::CreateCheckpointResponse>(
      co_await supervisor_.checkpoint_create(*std::move(create)));
}

Awaitable<Reply<types::DeleteCheckpointResponse>> Api::delete_checkpoint(
    types::DeleteCheckpointRequest request, Latch& /*gone*/) {
  Result<CheckpointDeleteRequest> remove = to_checkpoint_delete(request);
  if (!remove) {
    co_return refuse(remove.error());
  }
  co_return to_reply<types::DeleteCheckpointResponse>(
      co_await supervisor_.checkpoint_delete(*std::move(remove)));
}

Awaitable<Reply<types::ListCheckpointResponse>> Api::list_checkpoints(
    types::ListCheckpointRequest request, Latch& /*gone*/) {
  const Result<CheckpointListAnswer> list =
      co_await supervisor_.checkpoint_list(to_checkpoint_list(request));
  if (!list && as_lookup(list.error()).code == ESRCH) {
    co_return std::unexpected(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such containers"));
  }
  if (!list) {
    co_return refuse(list.error());
  }
  types::ListCheckpointResponse response;
  for (const state::CheckpointConfig& checkpoint : list->checkpoints) {
    *response.add_checkpoints() = to_checkpoint(checkpoint);
  }
  co_return response;
}

Awaitable<Reply<types::StatsResponse>> Api::stats(types::StatsRequest request, Latch& /*gone*/) {
  const Result<StatsAnswer> answer =
      co_await supervisor_.stats(request_for<StatsRequest>(request.id()));
  if (!answer) {
    co_return refuse(answer.error());
  }
  Result<types::StatsResponse> response = to_stats(*answer);
  if (!response) {
    co_return refuse(response.error());
  }
  co_return *std::move(response);
}

}  // namespace chock::supervisor::containerd
