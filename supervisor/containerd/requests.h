// SPDX-License-Identifier: Apache-2.0
// The API's requests as the supervisor's. Pure functions; an Error's text is the contract's.
//
// Requests come from functions and not from braces where they are awaited: g++ 12 destroys twice
// what braces make within a co_await expression.
#pragma once

#include "common/result.h"
#include "common/state/checkpoint_config.h"
#include "supervisor/containerd/api.pb.h"
#include "supervisor/tasks.h"

namespace chock::supervisor::containerd {

[[nodiscard]] Result<StartRequest> to_start(const types::CreateContainerRequest& request);
// A user that is not there is 0:0, and no capabilities are none at all.
[[nodiscard]] Result<ExecRequest> to_exec(const types::AddProcessRequest& request);
[[nodiscard]] KillRequest to_kill(const types::SignalRequest& request);
[[nodiscard]] ResizeRequest to_resize(const types::UpdateProcessRequest& request);
[[nodiscard]] Result<UpdateRequest> to_update(const types::UpdateContainerRequest& request);
[[nodiscard]] CloseStdinRequest to_close_stdin(const types::UpdateProcessRequest& request);
[[nodiscard]] state::CheckpointConfig to_checkpoint_config(const types::Checkpoint& checkpoint);
// A name may not be empty.
[[nodiscard]] Result<CheckpointCreateRequest> to_checkpoint_create(
    const types::CreateCheckpointRequest& request);
[[nodiscard]] Result<CheckpointDeleteRequest> to_checkpoint_delete(
    const types::DeleteCheckpointRequest& request);
[[nodiscard]] CheckpointListRequest to_checkpoint_list(const types::ListCheckpointRequest& request);

// For those that have nothing but the container's id.
template <class Request>
[[nodiscard]] Request request_for(const std::string& id) {
  return {.id = id};
}

}  // namespace chock::supervisor::containerd
