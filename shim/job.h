// SPDX-License-Identifier: Apache-2.0
// Job is everything a shim was started for: its command line, process.json and what follows from
// them.
#pragma once

#include <string>

#include "common/result.h"
#include "common/runtime/command_line.h"
#include "common/state/checkpoint_config.h"
#include "common/state/process_state.h"
#include "common/sys/state_dir.h"
#include "shim/lifecycle.h"

namespace chock::shim {

struct Job {
  std::string id;      // the container
  std::string bundle;  // its directory
  runtime::Runtime runtime;
  std::string directory;  // of the process, absolute
  state::ProcessState process;
  state::CheckpointConfig checkpoint;  // if process.checkpoint names one

  // Checks the id and reads process.json and, if one is to be restored, the checkpoint's
  // config.json.
  [[nodiscard]] static Result<Job> read(const sys::StateDir& dir, const std::string& id,
                                        const std::string& bundle, const std::string& runtime);

  [[nodiscard]] bool terminal() const { return process.process.terminal; }
  [[nodiscard]] bool restores() const { return !process.exec && !process.checkpoint.empty(); }
  [[nodiscard]] const char* step() const;  // the runtime's verb: "create", "exec" or "restore"

  // Reads the bundle's config.json if the answer depends on it.
  [[nodiscard]] Traits traits() const;

  // The command line that makes the process exist.
  [[nodiscard]] runtime::Arguments launch_arguments(const std::string& console_socket) const;
};

}  // namespace chock::shim
