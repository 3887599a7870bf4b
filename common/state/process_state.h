// SPDX-License-Identifier: Apache-2.0
// process.json: what the supervisor tells the shim about one process; for an exec also the
// runtime's
// --process file (containerd 0.2 contract).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/state/oci_process.h"

namespace chock::state {

struct ProcessState {
  OciProcess process;
  bool exec = false;  // joins a container; otherwise it is a container's init
  // Paths of the client's fifos or files.
  std::string stdin_path, stdout_path, stderr_path;
  std::vector<std::string> runtime_args;  // global flags of the runtime
  bool no_pivot_root = false;
  std::string checkpoint;  // directory to restore from; empty: none
  // Host ids that the container's root maps to; the container's pipes belong to them.
  uint32_t root_uid = 0;
  uint32_t root_gid = 0;
  // Ours. The shim runs nothing any more once the process exists: whoever set this kills what is
  // left and deletes the container after the exit.
  bool sealed = false;
};

[[nodiscard]] Result<ProcessState> parse_process_state(std::string_view text);
// One line with its newline.
[[nodiscard]] std::string format_process_state(const ProcessState& state);

}  // namespace chock::state
