// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/units.h"

#include <signal.h>

#include <limits>

#include "tests/unit/support.h"

namespace chock::supervisor::cli {
namespace {

using test::error_of;
using test::must;

TEST(units, bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1 KiB");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(123 * 1024 + 512), "123 KiB");
  EXPECT_EQ(format_bytes(uint64_t{5} << 30U), "5 GiB");
  EXPECT_EQ(format_bytes(std::numeric_limits<uint64_t>::max()), "16777215 TiB");
}

TEST(units, durations) {
  using namespace std::chrono_literals;
  EXPECT_EQ(format_duration(0ns), "0s");
  EXPECT_EQ(format_duration(-5s), "0s");
  EXPECT_EQ(format_duration(59'999ms), "59s");
  EXPECT_EQ(format_duration(60s), "1m 0s");
  EXPECT_EQ(format_duration(2h), "2h 0m");
  EXPECT_EQ(format_duration(std::chrono::days(4) + 11h + 59min), "4d 11h");
}

TEST(units, numbers_of_bytes) {
  EXPECT_EQ(must(parse_bytes("0", "memory")), 0);
  EXPECT_EQ(must(parse_bytes("-1", "memory")), -1);
  EXPECT_EQ(must(parse_bytes("512b", "memory")), 512);
  EXPECT_EQ(must(parse_bytes("64k", "memory")), 64 << 10);
  EXPECT_EQ(must(parse_bytes("64M", "memory")), 64 << 20);
  EXPECT_EQ(must(parse_bytes("2GiB", "memory")), int64_t{2} << 30U);
  EXPECT_EQ(must(parse_bytes("1tb", "memory")), int64_t{1} << 40U);
  EXPECT_EQ(must(parse_bytes("9223372036854775807", "memory")),
            std::numeric_limits<int64_t>::max());
}

TEST(units, what_is_no_number_of_bytes) {
  for (const char* text : {"", "k", "1.5g", "-2", "+1", " 1", "1 k", "1kk", "1ib", "0x10",
                           "9223372036854775808", "8388608t", "99999999999999999999"}) {
    EXPECT_EQ(error_of(parse_bytes(text, "memory")),
              "parse memory" + (*text == 0 ? std::string() : " " + std::string(text)) +
                  ": not a number of bytes (64m, 2GiB, -1)")
        << text;
  }
}

TEST(units, signals) {
  EXPECT_EQ(must(parse_signal("TERM")), SIGTERM);
  EXPECT_EQ(must(parse_signal("SIGKILL")), SIGKILL);
  EXPECT_EQ(must(parse_signal("sigusr1")), SIGUSR1);
  EXPECT_EQ(must(parse_signal("15")), SIGTERM);
  EXPECT_EQ(must(parse_signal("64")), SIGRTMAX);
  EXPECT_EQ(must(parse_signal("RTMIN")), SIGRTMIN);
  EXPECT_EQ(must(parse_signal("SIGRTMIN+3")), SIGRTMIN + 3);
}

TEST(units, what_is_no_signal) {
  for (const char* text : {"", "0", "65", "-9", "SIG", "KILLED", "RTMIN+", "RTMIN+99", "RTMIN3",
                           "18446744073709551625"}) {
    EXPECT_FALSE(parse_signal(text)) << text;
  }
}

}  // namespace
}  // namespace chock::supervisor::cli
