// SPDX-License-Identifier: Apache-2.0
// state.json: what the supervisor remembers about one container (containerd 0.2 contract).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace chock::state {

struct ContainerState {
  std::string bundle;  // as the client named it
  std::optional<std::vector<std::string>> labels;
  std::string runtime;
  std::optional<std::vector<std::string>> runtime_args;
  std::string shim;  // the shim to use for later execs; empty: the supervisor's own
  bool no_pivot_root = false;
  bool keep = false;  // ours: the directory stays when the container has ended
};

[[nodiscard]] Result<ContainerState> parse_container_state(std::string_view text);
// One line with its newline.
[[nodiscard]] std::string format_container_state(const ContainerState& state);

}  // namespace chock::state
