// SPDX-License-Identifier: Apache-2.0
// Container and process ids: they become directory names and words of command lines.
#pragma once

#include <string_view>

#include "common/result.h"

namespace chock::state {

// Valid: 1 to 255 characters of [A-Za-z0-9_.+-], neither "." nor "..", no leading dash. The Error
// names `what` ("container id") and says which rule is broken.
[[nodiscard]] Result<void> check_id(std::string_view id, std::string_view what);

}  // namespace chock::state
