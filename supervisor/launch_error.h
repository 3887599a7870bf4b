// SPDX-License-Identifier: Apache-2.0
// Why a process could not be launched: the reason on disk, and the exit code that says so.
#pragma once

#include <string>
#include <string_view>

#include "common/sys/state_dir.h"

namespace chock::supervisor {

// What `chock run` and `chock exec` exit with when it is not the process's own status.
inline constexpr int kExitOwnFailure = 125;
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;

// What is between such a reason and why its traces could not be removed, if that is to be said too.
inline constexpr std::string_view kNotUndone = "; not undone: ";

// The reason in the process's directory, in the words of the containerd 0.2 contract: an error of
// the shim, else one of the runtime, else that nothing was started. Only once the shim has ended:
// it writes its record after everything else.
[[nodiscard]] std::string read_launch_failure(const sys::StateDir& process);

// 126 or 127 where the runtime says that the program cannot be executed or found; 125 otherwise.
[[nodiscard]] int exit_code_of_failure(std::string_view reason);

}  // namespace chock::supervisor
