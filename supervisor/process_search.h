// SPDX-License-Identifier: Apache-2.0
// Finding a process by what it cannot help showing, where nobody has noted its number.
#pragma once

#include <optional>

#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"

namespace chock::supervisor {

// Whether the process works in `dir`: a shim never leaves its process's directory. False if it may
// not be looked at.
[[nodiscard]] bool works_in(pid_t pid, const sys::StateDir& dir);

// The process that does. Looks at all processes, so only for what is rare.
[[nodiscard]] std::optional<sys::Pidfd> find_process_in(const sys::StateDir& dir);

// Whether `pid`, of the process of `dir`, is in the same container as that container's init, and
// the init in a container of its own: not where we are.
[[nodiscard]] bool lives_beside_init(const sys::StateDir& dir, pid_t pid);

}  // namespace chock::supervisor
