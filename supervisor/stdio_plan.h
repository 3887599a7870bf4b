// SPDX-License-Identifier: Apache-2.0
// Where the streams of a new process go.
#pragma once

#include <string>

#include "common/result.h"
#include "common/state/process_state.h"
#include "supervisor/container_files.h"
#include "supervisor/tasks.h"

namespace chock::supervisor {

// The paths of process.json, except those of own fifos, which make_process fills in. Makes the log
// file (mode 0600) if there is to be one.
[[nodiscard]] Result<void> set_stdio(state::ProcessState& process, const StdioRequest& request);

[[nodiscard]] Stdio kind_of(const StdioRequest& request);

// What a caller is told of a process whose directory is complete; without its pid.
[[nodiscard]] StartAnswer answer_for(const std::string& id, const std::string& process,
                                     const std::string& directory,
                                     const state::ProcessState& state);

}  // namespace chock::supervisor
