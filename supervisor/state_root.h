// SPDX-License-Identifier: Apache-2.0
// The root of the state directory tree: where it is, and making it.
#pragma once

#include <string>

#include "common/result.h"
#include "common/sys/state_dir.h"

namespace chock::supervisor {

// /run/chock for the superuser, $XDG_RUNTIME_DIR/chock for anybody else.
[[nodiscard]] Result<std::string> default_state_root();

// Makes the directory (mode 0700) and its parents as needed and opens it under its canonical path:
// shims are told absolute paths below it.
[[nodiscard]] Result<sys::StateDir> make_state_root(const std::string& path);

// The same without making anything; ENOENT if it does not exist.
[[nodiscard]] Result<sys::StateDir> open_state_root(const std::string& path);

}  // namespace chock::supervisor
