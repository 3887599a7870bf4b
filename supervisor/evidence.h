// SPDX-License-Identifier: Apache-2.0
// What a process's directory and the kernel say about the process, and what follows from it.
// Nothing here depends on who has made the directory or whose child the shim is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor {

struct Evidence {
  // Who has the number in `pid` now.
  enum class Identity {
    Unknown,  // there is no `pid`, or no way to tell
    Gone,     // nobody
    Other,    // somebody who started later
    Same      // the process itself, alive or a zombie
  };

  bool shim_lives = false;              // somebody holds the writing end of the exit fifo
  std::optional<uint32_t> exit_status;  // recorded
  std::optional<pid_t> pid;             // published
  Identity identity = Identity::Unknown;
  std::optional<sys::Pidfd> process;  // Same only
  std::string command;                // its command name (proc(5)); Same only
};

// `exit_fifo`, the reading end, must have been opened before: then a shim that ends from now on is
// seen either here or by the fifo's hang-up.
[[nodiscard]] Result<Evidence> read_evidence(const sys::StateDir& process, int exit_fifo);

// The reading end of the exit fifo; made anew if somebody has removed it.
[[nodiscard]] Result<sys::UniqueFd> open_exit_fifo(const sys::StateDir& process);

enum class Verdict {
  Launching,  // the shim is at work, and the process does not exist yet
  Running,
  Draining,      // ended, but the shim still carries output
  Exited,        // ended, and so has the shim
  NeverStarted,  // the shim never came, or has gone without having made anything
  Lost           // the shim has gone and left the process, dead or alive, to us
};
[[nodiscard]] Verdict judge(const Evidence& evidence);

}  // namespace chock::supervisor
