// SPDX-License-Identifier: Apache-2.0
// Whether a process is frozen, asked of its cgroup: quicker than asking the runtime, and true
// whoever has frozen it.
#pragma once

#include <sys/types.h>

#include "common/sys/cgroup.h"

namespace chock::supervisor {

// False too where nobody can tell.
[[nodiscard]] bool is_frozen(const sys::CgroupMounts& mounts, pid_t pid);

}  // namespace chock::supervisor
