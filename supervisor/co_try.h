// SPDX-License-Identifier: Apache-2.0
// TRY for coroutines.
#pragma once

#include <utility>

#include "common/result.h"

// Returns the error of a Result from the enclosing coroutine. A statement, because compilers do not
// agree on co_return inside the statement expression that TRY is; the value stays in the variable.
#define CO_TRY(...)                                                \
  do {                                                             \
    if (auto&& co_try_result = (__VA_ARGS__); !co_try_result) {    \
      co_return std::unexpected(std::move(co_try_result).error()); \
    }                                                              \
  } while (false)
