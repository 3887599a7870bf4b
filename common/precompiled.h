// SPDX-License-Identifier: Apache-2.0
// What is slow to parse in common/ and shim/, compiled once; see supervisor/precompiled.h.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/result.h"
