// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "supervisor/containerd/duration.h"

namespace chock::supervisor::containerd {
namespace {

using namespace std::chrono_literals;
using Duration = std::optional<std::chrono::nanoseconds>;

TEST(containerd_duration, reads_what_go_reads) {
  EXPECT_EQ(parse_duration("0"), Duration(0ns));
  EXPECT_EQ(parse_duration("0m0s"), Duration(0ns));
  EXPECT_EQ(parse_duration("5m0s"), Duration(5min));
  EXPECT_EQ(parse_duration("2m"), Duration(2min));
  EXPECT_EQ(parse_duration("1h15m30.5s"), Duration(1h + 15min + 30500ms));
  EXPECT_EQ(parse_duration("300ms"), Duration(300ms));
  EXPECT_EQ(parse_duration("7us"), Duration(7us));
  EXPECT_EQ(parse_duration("7\u00b5s"), Duration(7us));
  EXPECT_EQ(parse_duration(".5s"), Duration(500ms));
  EXPECT_EQ(parse_duration("1.s"), Duration(1s));
  EXPECT_EQ(parse_duration("-3s"), Duration(-3s));
  EXPECT_EQ(parse_duration("+3ns"), Duration(3ns));
}

TEST(containerd_duration, refuses_what_go_refuses) {
  for (const char* text :
       {"", "-", "+", "3", "s", ".s", "3x", "3s4", "3 s", "3s ", "--3s", "1e3s", "9999999999h"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace chock::supervisor::containerd
