// SPDX-License-Identifier: Apache-2.0
// Containers and their processes, as `chock list` and `chock state` show them.
#pragma once

#include <string>

#include "common/state/json.h"
#include "supervisor/cli/table.h"

namespace chock::supervisor::cli {

// How a status looks where colours are.
[[nodiscard]] Style style_of(const std::string& status);

// Of one container: what it is, and a line a process.
[[nodiscard]] std::string describe_container(const state::Json& container);

// Of the answer of `list`: a line a container.
[[nodiscard]] std::string describe_list(const state::Json& answer);

}  // namespace chock::supervisor::cli
