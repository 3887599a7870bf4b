// SPDX-License-Identifier: Apache-2.0
// An owner's side of memory running out in a container: who is told, and when.
#pragma once

#include <memory>

#include "supervisor/core.h"

namespace chock::supervisor {

// Before the container's process runs: from here on nothing is missed. A failure is noted.
void arm_oom(const Core& core, Container& container, const sys::Pidfd& init);
// From when the start has been published until the init has ended.
void begin_oom_watch(const std::shared_ptr<Core>& core, std::shared_ptr<Container> container);

// Publishes what has not been published yet, and says whether there was any. Called before an exit
// of the container is published, so that no exit comes before the `oom` that explains it.
bool tell_oom(const Core& core, Container& container);
// Says in the exit record of the init that memory had run out, if it had.
void record_oom(const Core& core, const Container& container, const Process& init);

}  // namespace chock::supervisor
