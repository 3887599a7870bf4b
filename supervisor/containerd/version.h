// SPDX-License-Identifier: Apache-2.0
// Which containerd we are to its clients, and which chock to those who look closer.
#pragma once

#include <cstdint>

#include "common/version.h"

namespace chock::supervisor::containerd {

inline constexpr uint32_t kMajor = 0;
inline constexpr uint32_t kMinor = 2;
inline constexpr uint32_t kPatch = 3;
inline constexpr char kVersionText[] = "0.2.3";
// Where containerd names its commit.
inline const std::string kRevision = std::string("chock-") + kVersion;

}  // namespace chock::supervisor::containerd
