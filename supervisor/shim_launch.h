// SPDX-License-Identifier: Apache-2.0
// Starting a shim and waiting until the process it makes exists. Nothing is polled: the pid file
// appearing and the shim's death are both descriptors to wait for.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"

namespace chock::supervisor {

// What to spawn. The process's directory must be complete and its exit fifo open for reading.
struct ShimCommand {
  std::string path;
  std::string container_id;
  std::string bundle;
  std::string runtime;
  // What the container begins with, should its config.json name none. Nothing: what we have.
  std::optional<std::string> oom_score_adj;
};
// Own process group, /dev/null on 0 to 2, and the process's directory as working directory.
[[nodiscard]] Result<sys::Pidfd> spawn_shim(const ShimCommand& command,
                                            const sys::StateDir& process);

struct LaunchLimits {
  std::chrono::milliseconds timeout{};
  int interrupt = -1;  // readable: give up; -1: never
  // Either set: give up; null: never.
  Latch* gone = nullptr;
  Latch* container_ended = nullptr;
};
// The pid of the process once the shim has published it. Whatever else happens is an Error; a shim
// that has not ended by then is to be given up: see end_shim. `object` is the container's id, for
// the Error.
[[nodiscard]] Awaitable<Result<pid_t>> await_pid(const sys::StateDir& process,
                                                 const sys::Pidfd& shim, LaunchLimits limits,
                                                 std::string object);

// How long a shim that is over, or killed, may take to end.
inline constexpr std::chrono::seconds kShimEndGrace{10};

// Kills a shim that is not wanted any more, with whatever it has forked outside of the container,
// and waits for its end, within a bound.
[[nodiscard]] Awaitable<void> end_shim(const sys::Pidfd& shim);

// Writes `starttime` and returns a reference to the process that is certain to be the one with that
// pid; nothing if it has already ended and been reaped. `shim` must not have been reaped.
[[nodiscard]] Result<std::optional<sys::Pidfd>> identify(const sys::StateDir& process, pid_t pid,
                                                         const sys::Pidfd& shim);

}  // namespace chock::supervisor
