// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/since.h"

#include "tests/unit/support.h"

namespace chock::supervisor::cli {
namespace {

constexpr timespec kNow{.tv_sec = 1'000'000, .tv_nsec = 5};

time_t seconds_of(std::string_view text) { return test::must(parse_since(text, kNow)).tv_sec; }

TEST(since, rfc_3339) {
  EXPECT_EQ(seconds_of("1970-01-01T00:01:00Z"), 60);
  EXPECT_EQ(test::must(parse_since("1970-01-01T00:00:00.25Z", kNow)).tv_nsec, 250'000'000);
}

TEST(since, ages) {
  EXPECT_EQ(seconds_of("0s"), 1'000'000);
  EXPECT_EQ(seconds_of("90s"), 999'910);
  EXPECT_EQ(seconds_of("1h30m"), 1'000'000 - 5400);
  EXPECT_EQ(seconds_of("2d"), 1'000'000 - 172'800);
  EXPECT_EQ(test::must(parse_since("1s", kNow)).tv_nsec, 5);
}

TEST(since, nonsense) {
  for (const char* text : {"", "1", "s", "1x", "-1s", "1 s", "yesterday", "1h30", "99999999999999d",
                           "18446744073709551616s", "36500d36500d", "2026-13-01T00:00:00Z"}) {
    EXPECT_TRUE(test::error_of(parse_since(text, kNow)).contains("RFC 3339")) << text;
  }
}

}  // namespace
}  // namespace chock::supervisor::cli
