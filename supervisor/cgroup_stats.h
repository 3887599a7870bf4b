// SPDX-License-Identifier: Apache-2.0
// What a container uses, read from its control groups of either version: for runtimes that have no
// `events` (crun). The numbers are those that runc reads there.
#pragma once

#include "common/runtime/stats.h"
#include "supervisor/container_cgroups.h"

namespace chock::supervisor {

// What cannot be read is 0.
[[nodiscard]] runtime::Stats read_cgroup_stats(const ContainerCgroups& cgroups);

// The two formats with devices in them. Version 1, a file per list: "MAJOR:MINOR OP N", or without
// the operation. Version 2: "MAJOR:MINOR KEY=N...".
[[nodiscard]] std::vector<runtime::BlkioEntry> parse_device_counts(std::string_view text);
[[nodiscard]] runtime::BlkioStats parse_io_stat(std::string_view text);

}  // namespace chock::supervisor
