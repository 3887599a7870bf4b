// SPDX-License-Identifier: Apache-2.0
// Numbers as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace chock::supervisor::cli {

// "0 B", "999 B", "1.5 KiB", "12.3 MiB", "1024 TiB": at most one decimal, never "12.0".
[[nodiscard]] std::string format_bytes(uint64_t bytes);

// "12s", "3m 5s", "2h 0m", "4d 11h": the two largest units.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

// A number of bytes as a user gives it: "64M", "1.5g" is not one. Units b, k, m, g, t, in either
// case and with an optional "iB" or "B", are powers of 1024; -1 is allowed: no limit. The Error
// names `what`.
[[nodiscard]] Result<int64_t> parse_bytes(std::string_view text, std::string_view what);

// A signal as a user names it: "TERM", "SIGTERM", "term", "15", "RTMIN+3".
[[nodiscard]] Result<int> parse_signal(std::string_view text);

}  // namespace chock::supervisor::cli
