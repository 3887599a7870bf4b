// SPDX-License-Identifier: Apache-2.0
// Durations as Go's flags have them: "1h15m30.5s", "300ms", "0".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace chock::supervisor::containerd {

// Nothing if it is none, or one beyond 292 years.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace chock::supervisor::containerd
