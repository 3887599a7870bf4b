// SPDX-License-Identifier: Apache-2.0
// Finding out how a process has ended after its shim has gone, and what to do to what is left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/runtime/command_line.h"
#include "common/sys/lock_file.h"
#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"
#include "supervisor/fd_watch.h"
#include "supervisor/leftovers.h"

namespace chock::supervisor {

struct Settlement {
  uint32_t status = sys::ExitStatus::kUnknownNumber;
  bool lost = false;             // the shim did not record it: it died first
  std::optional<Error> failure;  // the record could not be read, or not be written
};
// The status that the shim recorded. Where it did not, it died first: what is left of the process
// is killed, and how it ended is asked of the kernel, written down and returned.
// `process` is certain to be the process; null: it is not known to live. The shim has gone.
[[nodiscard]] Awaitable<Settlement> settle(const sys::StateDir& dir, const sys::Pidfd* process,
                                           runtime::Runtime runtime, std::string id);

// Whether the shim lived to record how its process ended.
[[nodiscard]] bool is_recorded(const sys::StateDir& dir);

// SIGKILL, and if the process is frozen, thawing it. False: it lives after a bounded wait.
[[nodiscard]] Awaitable<bool> kill_surely(const sys::Pidfd& process, runtime::Runtime runtime,
                                          std::string id);

// Kills what the container's init has left behind, as its shim would have done. In a private pid
// namespace the kernel has; "nothing to kill" is no failure.
[[nodiscard]] Awaitable<void> kill_rest(runtime::Runtime runtime, std::string id);

// Takes the container away from the runtime.
[[nodiscard]] Awaitable<Result<void>> delete_from_runtime(runtime::Runtime runtime, std::string id);

// Kills a shim whose process has ended but which does not, because nobody reads its output. Whoever
// works in the process's directory is taken for it.
[[nodiscard]] Awaitable<void> end_draining(const sys::StateDir& dir, int exit_fifo);

// Kills a shim that is still launching, or has not even begun to: whoever works in the process's
// directory. What it is in the middle of it may bring to an end first, within a bound. What is left
// of a container then, to be removed after the runtime has deleted it.
[[nodiscard]] Awaitable<Leftovers> end_launching(const sys::StateDir& dir,
                                                 std::string container_id);

// The lock of a container's directory, waited for. ESRCH: the container has gone meanwhile; EBUSY:
// somebody has held it for very long.
[[nodiscard]] Awaitable<Result<sys::LockFile>> lock_container(const sys::StateDir& container,
                                                              std::string operation,
                                                              std::string id);

}  // namespace chock::supervisor
