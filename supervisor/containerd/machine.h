// SPDX-License-Identifier: Apache-2.0
// What State tells of the machine.
#pragma once

#include <string_view>

#include "supervisor/containerd/api.pb.h"

namespace chock::supervisor::containerd {

// As it is now; what the kernel does not tell is 0.
[[nodiscard]] types::Machine read_machine();

// From the texts of /proc/stat and /proc/meminfo (proc(5)).
[[nodiscard]] types::Machine parse_machine(std::string_view stat, std::string_view meminfo);

}  // namespace chock::supervisor::containerd
