// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/units.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "common/sys/proc.h"

namespace chock::supervisor::cli {
namespace {

constexpr uint64_t kStep = 1024;

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return result;
}

// The factor of "k", "kB", "KiB" and the like; nothing if it is no unit.
std::optional<uint64_t> factor_of(std::string_view unit) {
  const std::string name = upper(unit);
  if (name.empty() || name == "B") {
    return 1;
  }
  constexpr std::string_view kPrefixes = "KMGT";
  const size_t power = kPrefixes.find(name.front());
  const std::string_view rest = std::string_view(name).substr(1);
  if (power == std::string_view::npos || (!rest.empty() && rest != "B" && rest != "IB")) {
    return std::nullopt;
  }
  return uint64_t{1} << (10U * (power + 1));
}

std::optional<int> real_time_signal(std::string_view name) {
  constexpr std::string_view kFirst = "RTMIN";
  if (!name.starts_with(kFirst)) {
    return std::nullopt;
  }
  name.remove_prefix(kFirst.size());
  if (name.empty()) {
    return SIGRTMIN;
  }
  const std::optional<uint64_t> offset =
      name.front() == '+' ? sys::parse_number(name.substr(1)) : std::nullopt;
  const auto span = static_cast<uint64_t>(SIGRTMAX - SIGRTMIN);
  return offset && *offset <= span ? std::optional(SIGRTMIN + static_cast<int>(*offset))
                                   : std::nullopt;
}

std::optional<int> signal_number(std::string_view text) {
  if (const std::optional<uint64_t> number = sys::parse_number(text)) {
    return *number >= 1 && *number < NSIG ? std::optional(static_cast<int>(*number)) : std::nullopt;
  }
  std::string name = upper(text);
  if (name.starts_with("SIG")) {
    name.erase(0, 3);
  }
  for (int number = 1; number < NSIG; ++number) {
    const char* known = ::sigabbrev_np(number);
    if (known != nullptr && name == known) {
      return number;
    }
  }
  return real_time_signal(name);
}

}  // namespace

std::string format_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{" B", " KiB", " MiB", " GiB", " TiB"};
  size_t unit = 0;
  uint64_t scale = 1;
  while (unit + 1 < kUnits.size() && bytes / scale >= kStep) {
    scale *= kStep;
    ++unit;
  }
  const uint64_t whole = bytes / scale;
  const uint64_t tenths = (bytes % scale) * 10 / scale;
  std::string text = std::to_string(whole);
  if (tenths != 0 && whole < 100) {
    text += "." + std::to_string(tenths);
  }
  return text + kUnits.at(unit);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  using std::chrono::seconds;
  const int64_t total = std::max<int64_t>(std::chrono::duration_cast<seconds>(duration).count(), 0);
  struct Unit {
    int64_t length;
    char letter;
  };
  constexpr std::array<Unit, 4> kUnits{{{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  for (size_t i = 0; i + 1 < kUnits.size(); ++i) {
    const auto [length, letter] = kUnits.at(i);
    if (total >= length) {
      const auto [next, next_letter] = kUnits.at(i + 1);
      return std::to_string(total / length) + letter + " " + std::to_string(total % length / next) +
             next_letter;
    }
  }
  return std::to_string(total) + "s";
}

Result<int64_t> parse_bytes(std::string_view text, std::string_view what) {
  if (text == "-1") {
    return -1;
  }
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<uint64_t> number = sys::parse_number(text.substr(0, digits));
  const std::optional<uint64_t> factor = factor_of(text.substr(digits));
  constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!number || !factor || *number > kLargest / *factor) {
    return input_error("parse " + std::string(what), text, "not a number of bytes (64m, 2GiB, -1)");
  }
  return static_cast<int64_t>(*number * *factor);
}

Result<int> parse_signal(std::string_view text) {
  const std::optional<int> number = signal_number(text);
  if (!number) {
    return input_error("parse signal", text, "no such signal");
  }
  return *number;
}

}  // namespace chock::supervisor::cli
