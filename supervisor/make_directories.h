// SPDX-License-Identifier: Apache-2.0
// A directory and whatever is missing above it.
#pragma once

#include <string>

#include "common/result.h"

namespace chock::supervisor {

// What exists is left as it is; else the directory gets mode 0700 and its parents 0755.
[[nodiscard]] Result<void> make_directories(const std::string& path);

}  // namespace chock::supervisor
