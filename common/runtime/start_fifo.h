// SPDX-License-Identifier: Apache-2.0
// The fifo at which the init of a created container waits for `start`, as runc and crun make it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/result.h"

namespace chock::runtime {

// Where it is; nothing for an init that does not wait at one, or that `start` has let go on: the
// fifo is removed before `start` returns. An Error, with EACCES, of an init whose descriptors we
// must not see: runc's own, until it becomes the container's, for anybody but root.
[[nodiscard]] Result<std::optional<std::string>> find_start_fifo(pid_t init);

}  // namespace chock::runtime
