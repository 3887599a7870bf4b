// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "supervisor/containerd/timestamp.h"

namespace chock::supervisor::containerd {
namespace {

Result<std::optional<timespec>> from(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(nanos);
  return from_protobuf(timestamp);
}

TEST(containerd_timestamp, survives_the_round_trip) {
  const google::protobuf::Timestamp there = to_protobuf({.tv_sec = 1700000000, .tv_nsec = 999});
  const Result<std::optional<timespec>> back = from_protobuf(there);
  ASSERT_TRUE(back && *back);
  EXPECT_EQ((*back)->tv_sec, 1700000000);
  EXPECT_EQ((*back)->tv_nsec, 999);
}

TEST(containerd_timestamp, the_zero_time_is_none) {
  constexpr int64_t kZero = -62135596800;
  EXPECT_FALSE(*from(kZero, 0));
  EXPECT_TRUE(*from(kZero, 1));
  EXPECT_TRUE(*from(0, 0));
}

TEST(containerd_timestamp, refuses_what_is_no_time) {
  EXPECT_FALSE(from(-62135596801, 0));
  EXPECT_FALSE(from(253402300800, 0));
  EXPECT_TRUE(from(253402300799, 999999999));
  EXPECT_FALSE(from(0, -1));
  EXPECT_FALSE(from(0, 1000000000));
}

}  // namespace
}  // namespace chock::supervisor::containerd
