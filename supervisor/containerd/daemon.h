// SPDX-License-Identifier: Apache-2.0
// The daemon from its command line to its end.
#pragma once

#include "common/result.h"
#include "supervisor/containerd/flags.h"

namespace chock::supervisor::containerd {

// Serves until a signal ends it, and returns the exit code. The Error says why it could not begin.
[[nodiscard]] Result<int> run_daemon(const Flags& flags);

}  // namespace chock::supervisor::containerd
