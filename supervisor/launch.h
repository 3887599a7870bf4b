// SPDX-License-Identifier: Apache-2.0
// Bringing one process to life, once its directory is complete: the shim, the wait for the pid, and
// taking everything back if that fails.
#pragma once

#include <string>

#include "common/result.h"
#include "common/runtime/command_line.h"
#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"
#include "supervisor/fd_watch.h"
#include "supervisor/shim_launch.h"
#include "supervisor/supervisor.h"

namespace chock::supervisor {

struct LaunchOrder {
  const char* operation = "start";  // for the Error
  sys::StateDir dir;                // the process's, complete
  ShimCommand command;
  runtime::Runtime runtime;
  bool exec = false;
  LaunchLimits limits;
  StartAnswer prepared;  // what the caller is told when the directory is ready
};

struct Launched {
  sys::StateDir dir;
  sys::UniqueFd exit_fifo;
  sys::Pidfd shim;
  std::optional<sys::Pidfd> process;  // nothing: it has ended already
  pid_t pid = 0;
};

// Failing, it leaves nothing but the directory: no shim, no process, and no container, or the Error
// says why the runtime could not delete it.
[[nodiscard]] Awaitable<Result<Launched>> launch(LaunchOrder order, const Caller& caller);

// An exec that its shim had not announced when it was killed, or that nobody was told of, may run
// all the same (D45). It is killed if it is certain to be that exec.
void end_unannounced(const sys::StateDir& process);

// Deletes the container whatever it does, and waits until its process has ended, which it does even
// if the runtime fails. That failure is the Error.
[[nodiscard]] Awaitable<Result<void>> undo_container(runtime::Runtime runtime, std::string id,
                                                     const sys::Pidfd* process);

// The same for a launch that may have come to nothing: another container that has the id, because
// the runtime had not looked yet, is left alone (D6). `process` must outlive the call.
[[nodiscard]] Awaitable<Result<void>> undo_unannounced(runtime::Runtime runtime, std::string id,
                                                       std::string bundle,
                                                       const sys::StateDir& process);

// `error`, which is why something was undone, and what has failed meanwhile.
[[nodiscard]] Error with_undo(Error error, const Result<void>& undone);

}  // namespace chock::supervisor
