// SPDX-License-Identifier: Apache-2.0
// The files of one container and its processes: making, opening and reading them.
#pragma once

#include <time.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/state/container_state.h"
#include "common/state/process_state.h"
#include "common/sys/lock_file.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor {

// Who is at the other end of a process's stdio.
enum class Stdio {
  Paths,    // whatever the paths in process.json name
  OwnFifos  // fifos in the process's directory
};

// Makes S/`id` with state.json and its init process, all or nothing, and its lock held. EEXIST if
// the id is in use. Everything that is wanted of it next is in the answer: what failed then would
// leave a container that nobody knows.
struct NewContainer {
  sys::LockFile lock;
  sys::StateDir init;         // the directory of its init process
  state::ProcessState state;  // and what process.json says there
};
[[nodiscard]] Result<NewContainer> make_container(const sys::StateDir& root, const std::string& id,
                                                  const state::ContainerState& container,
                                                  state::ProcessState init, Stdio stdio);

// Makes S/`container`/`id`, all or nothing. EEXIST if the id is in use.
[[nodiscard]] Result<sys::StateDir> make_process(const sys::StateDir& root,
                                                 const sys::StateDir& container,
                                                 const std::string& id, state::ProcessState process,
                                                 Stdio stdio);

// Takes S/`name` or S/`container`/`name` away, out of everybody's sight at once. Already gone is
// fine. `root` and `parent` may be the same.
[[nodiscard]] Result<void> discard_dir(const sys::StateDir& root, const sys::StateDir& parent,
                                       const std::string& name);

// The fifos that the supervisor holds for as long as it cares about a process.
struct ProcessFifos {
  sys::UniqueFd exit;     // reading end: hangs up when the shim has ended
  sys::UniqueFd control;  // both ends, so that nothing written is lost before the shim reads
};
[[nodiscard]] Result<ProcessFifos> open_fifos(const sys::StateDir& process);

// Reading a process's directory; nothing where the file says nothing (yet).
//
// A `pid` that is no number of a process, or is that of the first process of all, is an Error with
// EINVAL: nobody must act on such a file.
[[nodiscard]] Result<std::optional<pid_t>> read_pid(const sys::StateDir& process);
[[nodiscard]] Result<std::optional<uint32_t>> read_exit_status(const sys::StateDir& process);
[[nodiscard]] Result<std::optional<uint64_t>> read_starttime(const sys::StateDir& process);
// When the directory was made; to the nanosecond, if we have made it.
[[nodiscard]] Result<timespec> read_time_made(const sys::StateDir& process);
[[nodiscard]] Result<state::ProcessState> read_process(const sys::StateDir& process);
[[nodiscard]] Result<state::ContainerState> read_container(const sys::StateDir& container);

}  // namespace chock::supervisor
