// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/since.h"

#include <algorithm>
#include <optional>

#include "common/state/timestamp.h"
#include "common/sys/proc.h"

namespace chock::supervisor::cli {
namespace {

constexpr int64_t kLongest = 100LL * 365 * 86400;  // seconds: what no log goes back to

std::optional<int64_t> seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    default:
      return std::nullopt;
  }
}

// Seconds.
std::optional<int64_t> parse_age(std::string_view text) {
  int64_t total = 0;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::optional<uint64_t> number = sys::parse_number(text.substr(0, digits));
    const std::optional<int64_t> unit =
        digits < text.size() ? seconds_of(text[digits]) : std::nullopt;
    if (!number || !unit || *number > static_cast<uint64_t>(kLongest / *unit)) {
      return std::nullopt;
    }
    total += static_cast<int64_t>(*number) * *unit;
    text.remove_prefix(digits + 1);
  }
  return total;
}

}  // namespace

Result<timespec> parse_since(std::string_view text, const timespec& now) {
  if (const std::optional<timespec> time = state::parse_timestamp(text)) {
    return *time;
  }
  const std::optional<int64_t> age = text.empty() ? std::nullopt : parse_age(text);
  if (!age || *age > kLongest) {
    return input_error("parse time", text, "neither RFC 3339 nor an age like 1h30m");
  }
  return timespec{.tv_sec = now.tv_sec - *age, .tv_nsec = now.tv_nsec};
}

}  // namespace chock::supervisor::cli
