// SPDX-License-Identifier: Apache-2.0
// Points in time as protobuf has them.
#pragma once

#include <google/protobuf/timestamp.pb.h>
#include <time.h>

#include <optional>

#include "common/result.h"

namespace chock::supervisor::containerd {

[[nodiscard]] google::protobuf::Timestamp to_protobuf(const timespec& time);

// Nothing: the zero time of Go, the beginning of year 1. Outside the years 1 to 9999: an Error.
[[nodiscard]] Result<std::optional<timespec>> from_protobuf(
    const google::protobuf::Timestamp& timestamp);

}  // namespace chock::supervisor::containerd
