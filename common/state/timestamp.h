// SPDX-License-Identifier: Apache-2.0
// Points in time as the contract writes them: RFC 3339 with up to nine fractional digits.
#pragma once

#include <time.h>

#include <optional>
#include <string>
#include <string_view>

namespace chock::state {

// Now, on the wall clock.
[[nodiscard]] timespec wall_clock();

// In UTC, trailing zeros of the fraction left out: "2026-11-23T17:17:20.13350576Z".
[[nodiscard]] std::string format_timestamp(const timespec& time);

// Any RFC 3339 time of the years 1 to 9999, with any zone offset.
[[nodiscard]] std::optional<timespec> parse_timestamp(std::string_view text);

}  // namespace chock::state
