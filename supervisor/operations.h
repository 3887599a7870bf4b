// SPDX-License-Identifier: Apache-2.0
// The operations of Supervisor, one function each; their contract is in supervisor.h.
#pragma once

#include <memory>

#include "supervisor/core.h"

namespace chock::supervisor {

using SharedCore = std::shared_ptr<Core>;

[[nodiscard]] Awaitable<Result<StartAnswer>> start_container(SharedCore core, StartRequest request,
                                                             Caller caller);
[[nodiscard]] Awaitable<Result<StartAnswer>> start_exec(SharedCore core, ExecRequest request,
                                                        Caller caller);
[[nodiscard]] Awaitable<Result<WaitAnswer>> wait_for_process(SharedCore core, WaitRequest request,
                                                             Caller caller);
[[nodiscard]] Awaitable<Result<Done>> delete_container(SharedCore core, DeleteRequest request);

// Of containers that run, through their runtime.
[[nodiscard]] Awaitable<Result<Done>> pause_container(SharedCore core, PauseRequest request);
[[nodiscard]] Awaitable<Result<Done>> resume_container(SharedCore core, ResumeRequest request);
[[nodiscard]] Awaitable<Result<Done>> update_container(SharedCore core, UpdateRequest request);
[[nodiscard]] Awaitable<Result<StatsAnswer>> read_stats(SharedCore core, StatsRequest request);
[[nodiscard]] Awaitable<Result<PsAnswer>> list_processes(SharedCore core, PsRequest request);
[[nodiscard]] Awaitable<Result<Done>> create_checkpoint(SharedCore core,
                                                        CheckpointCreateRequest request);
[[nodiscard]] Awaitable<Result<Done>> delete_checkpoint(SharedCore core,
                                                        CheckpointDeleteRequest request);

[[nodiscard]] Result<Supervisor::Adopted> adopt_root(const SharedCore& core);

// Of containers as they are found on disk.
[[nodiscard]] Result<AttachAnswer> find_streams(const Core& core, const AttachRequest& request);
[[nodiscard]] Result<Done> signal_process(const Core& core, const KillRequest& request);
[[nodiscard]] Result<Done> resize_terminal(const Core& core, const ResizeRequest& request);
[[nodiscard]] Result<Done> close_input(const Core& core, const CloseStdinRequest& request);
[[nodiscard]] Result<ContainerInfo> inspect_container(const Core& core, const std::string& id);
[[nodiscard]] Awaitable<Result<ListAnswer>> list_containers(SharedCore core);
[[nodiscard]] Result<CheckpointListAnswer> list_checkpoints(const Core& core,
                                                            const CheckpointListRequest& request);

}  // namespace chock::supervisor
