// SPDX-License-Identifier: Apache-2.0
// Finding the programs that the supervisor runs.
#pragma once

#include <string>

#include "common/result.h"

namespace chock::supervisor {

// `chosen` if the user named a shim; else chock-shim beside this program, or the installed one:
// below libexec, where a distribution may keep it out of everybody's PATH, or where chock is
// installed itself.
[[nodiscard]] Result<std::string> find_shim(const std::string& chosen);

// The operation of an Error of find_runtime(). Its detail is the contract's: "not installed on
// system" of a name, the kernel's words of a path.
inline constexpr char kFindRuntime[] = "find runtime";
// `chosen` as it is, checked to exist; else runc or crun, whichever PATH has first in that order.
[[nodiscard]] Result<std::string> find_runtime(const std::string& chosen);

// `path` made absolute against the working directory; not canonical.
[[nodiscard]] Result<std::string> absolute_path(const std::string& path);

}  // namespace chock::supervisor
