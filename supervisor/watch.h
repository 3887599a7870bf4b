// SPDX-License-Identifier: Apache-2.0
// An owner's side of a process's life: waiting for its end, and everything that has to happen then.
#pragma once

#include <memory>

#include "supervisor/core.h"

namespace chock::supervisor {

// Begins to watch a process of a container that is in the registry, both complete. Its exit is
// published once, after its container's execs if it is the init, and only then does it leave the
// registry. Whatever fails on the way is noted and survived.
void begin_watch(const std::shared_ptr<Core>& core, std::shared_ptr<Container> container,
                 std::shared_ptr<Process> process);

// Starts `task`, which nobody waits for. An exception in it is noted.
void detach(const std::shared_ptr<Core>& core, std::string id, Awaitable<void> task);

}  // namespace chock::supervisor
