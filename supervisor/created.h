// SPDX-License-Identifier: Apache-2.0
// Telling a container that has been created, and that nobody has started yet.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace chock::supervisor {

// Whether `command`, the command name of an init (proc(5)), is that of what `runtime` leaves
// between `create` and `start`: the runtime's own. It may also be the name of the container's
// program, or of an init that is about to execute that.
[[nodiscard]] bool looks_created(std::string_view command, std::string_view runtime);

// Whether an init that looks created waits for `start`. The look alone has to do where a runtime
// hides its descriptors from us; one that has no fifo for `start` is taken to run.
[[nodiscard]] bool awaits_start(pid_t init);

}  // namespace chock::supervisor
