// SPDX-License-Identifier: Apache-2.0
#include "common/state/timestamp.h"

#include <chrono>

namespace chock::state {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr size_t kFractionDigits = 9;
constexpr std::chrono::sys_seconds kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr std::chrono::sys_seconds kBeyond =
    std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);

// `number` with at least `width` digits.
std::string padded(int64_t number, size_t width) {
  const std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

// Takes exactly `width` digits from the front of the text.
std::optional<int> take_digits(std::string_view& text, size_t width) {
  if (text.size() < width) {
    return std::nullopt;
  }
  int number = 0;
  for (const char c : text.substr(0, width)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return number;
}

bool take_char(std::string_view& text, std::string_view one_of) {
  if (text.empty() || !one_of.contains(text.front())) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take_char(text, "-")) {
    return std::nullopt;
  }
  const auto month = take_digits(text, 2);
  if (!month || !take_char(text, "-")) {
    return std::nullopt;
  }
  const auto day = take_digits(text, 2);
  if (!day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *year < 1) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date);
}

std::optional<seconds> take_hours_minutes(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ":")) {
    return std::nullopt;
  }
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) {
    return std::nullopt;
  }
  return hours(*hour) + minutes(*minute);
}

std::optional<seconds> take_clock(std::string_view& text) {
  const auto hours_minutes = take_hours_minutes(text);
  if (!hours_minutes || !take_char(text, ":")) {
    return std::nullopt;
  }
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) {
    return std::nullopt;
  }
  return *hours_minutes + seconds(*second);
}

// Digits beyond the ninth are dropped.
std::optional<long> take_fraction(std::string_view& text) {
  if (!take_char(text, ".")) {
    return 0;
  }
  long nanoseconds = 0;
  size_t count = 0;
  while (const auto digit = take_digits(text, 1)) {
    if (count < kFractionDigits) {
      nanoseconds = nanoseconds * 10 + *digit;
    }
    ++count;
  }
  if (count == 0) {
    return std::nullopt;
  }
  for (; count < kFractionDigits; ++count) {
    nanoseconds *= 10;
  }
  return nanoseconds;
}

std::optional<seconds> take_zone(std::string_view& text) {
  if (take_char(text, "Zz")) {
    return seconds(0);
  }
  const bool negative = text.starts_with('-');
  if (!take_char(text, "+-")) {
    return std::nullopt;
  }
  const auto offset = take_hours_minutes(text);
  if (!offset) {
    return std::nullopt;
  }
  return negative ? -*offset : *offset;
}

}  // namespace

timespec wall_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

std::string format_timestamp(const timespec& time) {
  const std::chrono::sys_seconds instant{seconds(time.tv_sec)};
  const auto midnight = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(instant - midnight);
  std::string text = padded(static_cast<int>(date.year()), 4) + "-" +
                     padded(static_cast<unsigned>(date.month()), 2) + "-" +
                     padded(static_cast<unsigned>(date.day()), 2) + "T" +
                     padded(clock.hours().count(), 2) + ":" + padded(clock.minutes().count(), 2) +
                     ":" + padded(clock.seconds().count(), 2);
  if (time.tv_nsec != 0) {
    std::string fraction = padded(time.tv_nsec, kFractionDigits);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + "Z";
}

std::optional<timespec> parse_timestamp(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !take_char(text, "Tt ")) {
    return std::nullopt;
  }
  const auto clock = take_clock(text);
  const auto fraction = clock ? take_fraction(text) : std::nullopt;
  const auto zone = fraction ? take_zone(text) : std::nullopt;
  if (!zone || !text.empty()) {
    return std::nullopt;
  }
  const std::chrono::sys_seconds instant = *date + *clock - *zone;
  // A zone can carry the first and the last day out of the years that can be written.
  if (instant < kFirst || instant >= kBeyond) {
    return std::nullopt;
  }
  return timespec{instant.time_since_epoch().count(), *fraction};
}

}  // namespace chock::state
