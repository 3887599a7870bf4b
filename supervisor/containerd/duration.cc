// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/duration.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

namespace chock::supervisor::containerd {
namespace {

constexpr double kMostNanoseconds = static_cast<double>(std::numeric_limits<int64_t>::max());

struct Unit {
  std::string_view name;
  double nanoseconds;
};
// Longer names first, so that "m" is not taken for the beginning of "ms".
constexpr std::array kUnits{Unit{"ns", 1},        Unit{"us", 1e3},  Unit{"\u00b5s", 1e3},
                            Unit{"\u03bcs", 1e3}, Unit{"ms", 1e6},  Unit{"s", 1e9},
                            Unit{"m", 60e9},      Unit{"h", 3600e9}};

// The digits at the beginning of `text`, which are taken from it.
std::string_view take_digits(std::string_view& text) {
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  text.remove_prefix(digits.size());
  return digits;
}

// "1.5", ".5", "1."; nothing without a digit.
std::optional<double> take_number(std::string_view& text) {
  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  if (whole.empty() && fraction.empty()) {
    return std::nullopt;
  }
  double number = 0;
  for (const char digit : whole) {
    number = number * 10 + (digit - '0');
  }
  double weight = 1;
  for (const char digit : fraction) {
    weight /= 10;
    number += weight * (digit - '0');
  }
  return number;
}

std::optional<double> take_unit(std::string_view& text) {
  const auto* const unit = std::ranges::find_if(
      kUnits, [text](const Unit& candidate) { return text.starts_with(candidate.name); });
  if (unit == kUnits.end()) {
    return std::nullopt;
  }
  text.remove_prefix(unit->name.size());
  return unit->nanoseconds;
}

bool take_sign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  return negative;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const bool negative = take_sign(text);
  if (text == "0") {
    return std::chrono::nanoseconds(0);
  }
  if (text.empty()) {
    return std::nullopt;
  }
  double sum = 0;
  while (!text.empty()) {
    const std::optional<double> number = take_number(text);
    const std::optional<double> unit = number ? take_unit(text) : std::nullopt;
    if (!unit) {
      return std::nullopt;
    }
    sum += *number * *unit;
  }
  if (sum >= kMostNanoseconds) {
    return std::nullopt;
  }
  return std::chrono::nanoseconds(static_cast<int64_t>(negative ? -sum : sum));
}

}  // namespace chock::supervisor::containerd
