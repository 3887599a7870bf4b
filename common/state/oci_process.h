// SPDX-License-Identifier: Apache-2.0
// The OCI `process` object (runtime-spec 1.0 config.md, "Process"), the fields that containerd 0.2
// carries in process.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/state/json_fwd.h"

namespace chock::state {

struct ConsoleSize {
  uint32_t height = 0;  // rows
  uint32_t width = 0;   // columns
};

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> additional_gids;
  std::string username;
};

struct Capabilities {
  std::vector<std::string> bounding, effective, inheritable, permitted, ambient;
};

struct Rlimit {
  std::string type;
  uint64_t hard = 0;
  uint64_t soft = 0;
};

struct OciProcess {
  bool terminal = false;
  std::optional<ConsoleSize> console_size;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;
  std::optional<int> oom_score_adj;
  std::string selinux_label;
};

// Failures stay in `reader`. Capabilities are also read in the older list form, which grants the
// list in every set but the ambient one.
[[nodiscard]] OciProcess read_oci_process(JsonReader& reader);

// Appends the keys in the contract's order, empty ones left out where it leaves them out.
void append_oci_process(Json& object, const OciProcess& process);

}  // namespace chock::state
