// SPDX-License-Identifier: Apache-2.0
// Points in time as people name them.
#pragma once

#include <time.h>

#include <string_view>

#include "common/result.h"

namespace chock::supervisor::cli {

// "2026-11-23T17:17:20Z" and any other RFC 3339 time, or how long ago it is: "90s", "1h30m", "2d".
[[nodiscard]] Result<timespec> parse_since(std::string_view text, const timespec& now);

}  // namespace chock::supervisor::cli
