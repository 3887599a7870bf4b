// SPDX-License-Identifier: Apache-2.0
// Orphans come to the nearest subreaper, or to pid 1 of their namespace (prctl(2),
// pid_namespaces(7)), and stay zombies until that waits for them. A program that waits for its own
// children one by one cannot wait for "anyone" as well: it would take statuses from itself. So it
// leaves that to a process of its own.
#pragma once

#include <optional>

#include "common/result.h"

namespace chock::sys {

// If orphans come to this process: goes on in a child, to which none come, and nothing is returned
// there. The parent waits for orphans, hands SIGTERM, SIGINT and SIGHUP to the child, ends when
// that has ended, and gets the exit code to end with (128+n: by a signal). Nothing happens
// otherwise. Only while there are no threads.
[[nodiscard]] Result<std::optional<int>> leave_orphans_to_parent();

}  // namespace chock::sys
