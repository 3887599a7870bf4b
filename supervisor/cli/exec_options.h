// SPDX-License-Identifier: Apache-2.0
// What `chock exec` is told of the new process, as requests have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/state/oci_process.h"

namespace chock::supervisor::cli {

// "UID" or "UID:GID", numbers; without a group it is 0. Names would have to be looked up in the
// container, whose files are not to be trusted with that.
[[nodiscard]] Result<state::User> parse_user(std::string_view text);

// "NAME=VALUE" as it is; "NAME" with the value that we have ourselves, and nothing if we have none.
[[nodiscard]] Result<std::vector<std::string>> parse_environment(
    const std::vector<std::string>& settings);

// "CAP_KILL", "kill": as the specification spells it.
[[nodiscard]] Result<std::string> parse_capability(std::string_view text);

// The OCI `process` object in a regular file.
[[nodiscard]] Result<state::OciProcess> read_process_file(const std::string& path);

}  // namespace chock::supervisor::cli
