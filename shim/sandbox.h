// SPDX-License-Identifier: Apache-2.0
// What a shim gives up once the process exists and nothing is left to be run for it. The container
// writes to our descriptors, so whatever it might make of a bug in us should lead nowhere.
#pragma once

#include "common/result.h"

namespace chock::shim {

// No debugger that lacks CAP_SYS_PTRACE, and no core file, gets at our memory, which may hold the
// container's data.
[[nodiscard]] Result<void> hide_memory();

// Irrevocably, for the whole process: memory hidden, no capability but CAP_KILL, no new privileges,
// and only the system calls of generate_sandbox_filter.cc; any other ends the process by SIGSYS.
// Every step is taken even if an earlier one fails; the first failure is returned.
[[nodiscard]] Result<void> enter_sandbox();

}  // namespace chock::shim
