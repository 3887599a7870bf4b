// SPDX-License-Identifier: Apache-2.0
// A checkpoint's config.json (containerd 0.2 contract).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace chock::state {

struct CheckpointConfig {
  std::string created;  // timestamp
  std::string name;
  bool tcp = false;           // keep TCP connections
  bool unix_sockets = false;  // keep connections of unix sockets to the outside
  bool shell = false;         // the container has a terminal of its parent's
  bool exit = false;          // the container was stopped by the checkpoint
  std::vector<std::string> empty_namespaces;
};

[[nodiscard]] Result<CheckpointConfig> parse_checkpoint_config(std::string_view text,
                                                               std::string_view object);
// One line with its newline.
[[nodiscard]] std::string format_checkpoint_config(const CheckpointConfig& config);

}  // namespace chock::state
