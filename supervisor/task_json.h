// SPDX-License-Identifier: Apache-2.0
// The JSON forms of requests and answers. Names of operations are those of Supervisor::call.
//
// Requests are checked completely before anything is done: every field has a limit, and a field
// that the operation does not know is an Error. The Error names operation and field, and its code
// is EINVAL.
#pragma once

#include "common/result.h"
#include "common/state/json.h"
#include "supervisor/tasks.h"

namespace chock::supervisor {

// parse_request<StartRequest>(params) and so on, for every request of tasks.h. `params` is an
// object, or null: no field is given.
template <class Request>
[[nodiscard]] Result<Request> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<StartRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<ExecRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<AttachRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<KillRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<WaitRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<StateRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<ListRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<DeleteRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<ResizeRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<CloseStdinRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<PauseRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<ResumeRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<UpdateRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<StatsRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<PsRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<CheckpointCreateRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<CheckpointListRequest> parse_request(const state::Json& params);
template <>
[[nodiscard]] Result<CheckpointDeleteRequest> parse_request(const state::Json& params);

// The same backwards, without what has its default value.
[[nodiscard]] state::Json format_request(const StartRequest& request);
[[nodiscard]] state::Json format_request(const ExecRequest& request);
[[nodiscard]] state::Json format_request(const AttachRequest& request);
[[nodiscard]] state::Json format_request(const KillRequest& request);
[[nodiscard]] state::Json format_request(const WaitRequest& request);
[[nodiscard]] state::Json format_request(const StateRequest& request);
[[nodiscard]] state::Json format_request(const ListRequest& request);
[[nodiscard]] state::Json format_request(const DeleteRequest& request);
[[nodiscard]] state::Json format_request(const ResizeRequest& request);
[[nodiscard]] state::Json format_request(const CloseStdinRequest& request);
[[nodiscard]] state::Json format_request(const PauseRequest& request);
[[nodiscard]] state::Json format_request(const ResumeRequest& request);
[[nodiscard]] state::Json format_request(const UpdateRequest& request);
[[nodiscard]] state::Json format_request(const StatsRequest& request);
[[nodiscard]] state::Json format_request(const PsRequest& request);
[[nodiscard]] state::Json format_request(const CheckpointCreateRequest& request);
[[nodiscard]] state::Json format_request(const CheckpointListRequest& request);
[[nodiscard]] state::Json format_request(const CheckpointDeleteRequest& request);

[[nodiscard]] state::Json format_answer(const Done& answer);
[[nodiscard]] state::Json format_answer(const StartAnswer& answer);
[[nodiscard]] state::Json format_answer(const WaitAnswer& answer);
[[nodiscard]] state::Json format_answer(const ContainerInfo& answer);
[[nodiscard]] state::Json format_answer(const ListAnswer& answer);
[[nodiscard]] state::Json format_answer(const StatsAnswer& answer);
[[nodiscard]] state::Json format_answer(const PsAnswer& answer);
[[nodiscard]] state::Json format_answer(const CheckpointListAnswer& answer);

// For clients: what of it is there. Total, because a server may be of another version.
[[nodiscard]] StartAnswer parse_start_answer(const state::Json& answer);

// Of an OCI runtime, and what `update` reads (runtime-spec, "resources"), without what is 0.
[[nodiscard]] state::Json format_resources(const Resources& resources);

// "running"
[[nodiscard]] const char* name_of(Status status);

}  // namespace chock::supervisor
