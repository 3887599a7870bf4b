// SPDX-License-Identifier: Apache-2.0
// What the supervisor answers and tells, as the API's messages. Pure functions.
#pragma once

#include <vector>

#include "common/state/checkpoint_config.h"
#include "common/state/event_record.h"
#include "supervisor/containerd/api.pb.h"
#include "supervisor/tasks.h"

namespace chock::supervisor::containerd {

// "running" or "stopped": one that is paused, or created and not started yet, runs; one that is
// being made is stopped, without processes.
[[nodiscard]] types::Container to_container(const ContainerInfo& info);
[[nodiscard]] types::Checkpoint to_checkpoint(const state::CheckpointConfig& config);
[[nodiscard]] types::Event to_event(const state::EventRecord& record);
[[nodiscard]] Result<types::StatsResponse> to_stats(const StatsAnswer& answer);

}  // namespace chock::supervisor::containerd
