// SPDX-License-Identifier: Apache-2.0
#include "common/state/timestamp.h"

#include "tests/unit/support.h"

namespace chock::state {
namespace {

struct Case {
  const char* text;
  time_t seconds;
  long nanoseconds;
};

// date -u -d TEXT +%s
constexpr Case kCanonical[] = {
    {"1970-01-01T00:00:00Z", 0, 0},
    {"2026-11-23T17:17:20.13350576Z", 1795454240, 133505760},
    {"2026-11-23T17:17:20.000000001Z", 1795454240, 1},
    {"2026-11-23T17:17:20.999999999Z", 1795454240, 999999999},
    {"2026-11-23T17:17:20.5Z", 1795454240, 500000000},
    {"2024-02-29T23:59:59Z", 1709251199, 0},
    {"1969-12-31T23:59:59.25Z", -1, 250000000},
    {"0001-01-01T00:00:00Z", -62135596800, 0},
    {"9999-12-31T23:59:59.999999999Z", 253402300799, 999999999},
};

TEST(timestamp, canonical_times_round_trip) {
  for (const Case& c : kCanonical) {
    const timespec time = test::must(parse_timestamp(c.text));
    EXPECT_EQ(time.tv_sec, c.seconds) << c.text;
    EXPECT_EQ(time.tv_nsec, c.nanoseconds) << c.text;
    EXPECT_EQ(format_timestamp(time), c.text);
  }
}

TEST(timestamp, reads_every_form_of_rfc_3339) {
  const Case cases[] = {
      {"2026-11-23T18:17:20+01:00", 1795454240, 0},
      {"2026-11-23T12:47:20.5-04:30", 1795454240, 500000000},
      {"2026-11-23t17:17:20z", 1795454240, 0},
      {"2026-11-23 17:17:20Z", 1795454240, 0},
      {"2026-11-23T17:17:20-00:00", 1795454240, 0},
      {"2026-11-24T17:16:20+23:59", 1795454240, 0},
      {"2026-11-23T17:17:20.1234567891Z", 1795454240, 123456789},  // the tenth digit is dropped
      {"2016-12-31T23:59:60Z", 1483228800, 0},                     // a leap second
      {"2026-11-23T17:17:20.100000000Z", 1795454240, 100000000},
  };
  for (const Case& c : cases) {
    const timespec time = test::must(parse_timestamp(c.text));
    EXPECT_EQ(time.tv_sec, c.seconds) << c.text;
    EXPECT_EQ(time.tv_nsec, c.nanoseconds) << c.text;
  }
}

TEST(timestamp, rejects_everything_else) {
  const char* bad[] = {
      "",
      "2026",
      "2026-11-23",
      "2026-11-23T17:17:20",
      "2026-11-23T17:17Z",
      "2026-11-23T17:17:20.Z",
      "2026-11-23T17:17:20,5Z",
      "2026-11-23T17:17:20Z ",
      " 2026-11-23T17:17:20Z",
      "2026-11-23T17:17:20ZZ",
      "2026-13-23T17:17:20Z",
      "2026-00-23T17:17:20Z",
      "2026-11-31T17:17:20Z",
      "2026-11-00T17:17:20Z",
      "2025-02-29T17:17:20Z",
      "2026-11-23T24:17:20Z",
      "2026-11-23T17:60:20Z",
      "2026-11-23T17:17:61Z",
      "2026-11-23T17:17:20+24:00",
      "2026-11-23T17:17:20+01:60",
      "2026-11-23T17:17:20+0100",
      "2026-11-23T17:17:20+01",
      "2026-1-23T17:17:20Z",
      "2026-11-3T17:17:20Z",
      "+026-11-23T17:17:20Z",
      "-026-11-23T17:17:20Z",
      "0000-11-23T17:17:20Z",
      "10000-01-01T00:00:00Z",
      "2026/11/23T17:17:20Z",
      "2026-11-23X17:17:20Z",
      "2026-11-23T17.17.20Z",
      "1795454240",
      // Outside the years that can be written, once in UTC.
      "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "9999-12-31T23:59:60Z",
  };
  for (const char* text : bad) {
    EXPECT_FALSE(parse_timestamp(text).has_value()) << text;
  }
}

TEST(timestamp, every_prefix_of_a_time_is_rejected) {
  const std::string whole = "2026-11-23T17:17:20.13350576+01:00";
  ASSERT_TRUE(parse_timestamp(whole).has_value());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_timestamp(whole.substr(0, length)).has_value()) << length;
  }
}

TEST(timestamp, wall_clock_is_now) {
  const time_t before = ::time(nullptr);
  const timespec now = wall_clock();
  EXPECT_GE(now.tv_sec, before);
  EXPECT_LE(now.tv_sec, ::time(nullptr) + 1);
}

}  // namespace
}  // namespace chock::state
