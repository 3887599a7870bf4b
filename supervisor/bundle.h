// SPDX-License-Identifier: Apache-2.0
// Reading a bundle.
#pragma once

#include <string>

#include "common/result.h"
#include "common/state/oci_config.h"

namespace chock::supervisor {

[[nodiscard]] std::string config_path(const std::string& bundle);

// config.json of the bundle at `path`. Its Error names the file; of a parse error also the place.
[[nodiscard]] Result<state::OciConfig> read_bundle(const std::string& path);

}  // namespace chock::supervisor
