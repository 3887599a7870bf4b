// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/timestamp.h"

namespace chock::supervisor::containerd {
namespace {

constexpr int64_t kYear1 = -62135596800;
constexpr int64_t kYear10000 = 253402300800;
constexpr int32_t kSecond = 1'000'000'000;

}  // namespace

google::protobuf::Timestamp to_protobuf(const timespec& time) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(time.tv_sec);
  timestamp.set_nanos(static_cast<int32_t>(time.tv_nsec));
  return timestamp;
}

Result<std::optional<timespec>> from_protobuf(const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kYear1 || timestamp.seconds() >= kYear10000 || timestamp.nanos() < 0 ||
      timestamp.nanos() >= kSecond) {
    return input_error("", "", "invalid parameter: timestamp outside the years 1 to 9999");
  }
  if (timestamp.seconds() == kYear1 && timestamp.nanos() == 0) {
    return std::nullopt;
  }
  return timespec{.tv_sec = timestamp.seconds(), .tv_nsec = timestamp.nanos()};
}

}  // namespace chock::supervisor::containerd
