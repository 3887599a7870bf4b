// SPDX-License-Identifier: Apache-2.0
// A bundle's config.json, as much of it as a shim and a supervisor need (runtime-spec 1.0).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/state/oci_process.h"

namespace chock::state {

struct OciConfig {
  OciProcess process;
  std::string root_path;
  // The container has a pid namespace of its own making: when its init dies, the kernel kills the
  // rest.
  bool private_pid_namespace = false;
  // Host ids of the container's root: from the id mappings if there is a user namespace, 0
  // otherwise.
  uint32_t root_uid = 0;
  uint32_t root_gid = 0;
};

// `object` names the file in the Error. A config without `process`, `root.path` or `linux` is
// refused.
[[nodiscard]] Result<OciConfig> parse_oci_config(std::string_view text, std::string_view object);

// Only OciConfig::private_pid_namespace, and false for any text that does not say so.
[[nodiscard]] bool has_private_pid_namespace(std::string_view config_text);

}  // namespace chock::state
