// SPDX-License-Identifier: Apache-2.0
#include "supervisor/launch.h"

#include <signal.h>

#include "common/failpoint.h"
#include "common/runtime/answer.h"
#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/sys/proc.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/first_of.h"
#include "supervisor/launch_error.h"
#include "supervisor/leftovers.h"
#include "supervisor/process_search.h"
#include "supervisor/runtime_call.h"

namespace chock::supervisor {
namespace {

constexpr std::chrono::seconds kDeathGrace{10};

// The number that the runtime has left, announced by the shim or not.
Result<std::optional<pid_t>> read_any_pid(const sys::StateDir& process) {
  const std::optional<std::string> text =
      TRY(process.read_file(state::layout::kRuntimePid, state::kFileLimit));
  const std::optional<pid_t> pid = text ? sys::parse_pid(*text) : std::nullopt;
  return pid ? pid : read_pid(process);
}

// After a launch that brought no pid. A shim that has failed by itself has undone what it made. One
// that was killed in the middle of it, by us or by anybody, could not, and neither could the
// runtime, which dies with it.
Awaitable<Result<void>> give_up(const LaunchOrder& order, const sys::Pidfd& shim) {
  const Leftovers left = Leftovers::of(shim.pid());
  shim.kill_group();  // hooks may have survived it; not to be said of a number that is free
  const Result<std::optional<sys::Reaped>> reaped = shim.reap();
  const bool undone_by_shim = reaped && *reaped && (*reaped)->status.exited();
  co_await end_shim(shim);
  if (undone_by_shim) {
    co_return Result<void>();
  }
  if (order.exec) {
    end_unannounced(order.dir);
    co_return Result<void>();
  }
  const Result<void> undone = co_await undo_unannounced(order.runtime, order.command.container_id,
                                                        order.command.bundle, order.dir);
  co_await left.remove();
  co_return undone;
}

}  // namespace

void end_unannounced(const sys::StateDir& process) {
  const Result<std::optional<pid_t>> pid = read_any_pid(process);
  const Result<sys::Pidfd> reference =
      pid && *pid ? sys::Pidfd::open(**pid) : std::unexpected(Error{});
  if (reference && lives_beside_init(process, reference->pid())) {
    static_cast<void>(reference->signal(SIGKILL));  // it may be gone by itself
  }
}

Awaitable<Result<void>> undo_unannounced(runtime::Runtime runtime, std::string id,
                                         std::string bundle, const sys::StateDir& process) {
  // Nothing to delete if there is no sign of the runtime, or if it has said whose the id is.
  const Result<std::optional<std::string>> log =
      process.read_file(state::layout::kRuntimeLog, state::kFileLimit);
  if (!log || !*log || runtime::says_id_taken(**log)) {
    co_return Result<void>();
  }
  const Result<std::optional<pid_t>> pid = read_any_pid(process);
  if (!pid || !*pid) {
    const Result<RuntimeAnswer> answer = co_await call_runtime(
        runtime::query_state(runtime, id), std::string(), {.deadline = kQuestionDeadline});
    CO_TRY(answer);
    const Result<timespec> begun = read_time_made(process);
    if (!begun || runtime::may_be_foreign(answer->status, answer->output, bundle, *begun)) {
      co_return Result<void>();
    }
  }
  co_return co_await undo_container(std::move(runtime), std::move(id), nullptr);
}

Awaitable<Result<void>> undo_container(runtime::Runtime runtime, std::string id,
                                       const sys::Pidfd* process) {
  const Result<RuntimeAnswer> removed = co_await call_runtime(runtime::force_remove(runtime, id));
  if (process != nullptr && !process->ended()) {
    static_cast<void>(process->signal(SIGKILL));  // if the runtime did not
    co_await first_of(readable(process->fd()), pause_for(kDeathGrace));
  }
  CO_TRY(removed);
  co_return says_gone(*removed) ? Result<void>() : check_answer(*removed, "delete", id);
}

Error with_undo(Error error, const Result<void>& undone) {
  if (!undone) {
    error.detail = (error.detail.empty() ? error_text(error.code) : error.detail) +
                   std::string(kNotUndone) + undone.error().message();
  }
  return error;
}

Awaitable<Result<Launched>> launch(LaunchOrder order, const Caller& caller) {
  const sys::StateDir& dir = order.dir;
  Result<ProcessFifos> fifos = open_fifos(dir);
  CO_TRY(fifos);
  CHOCK_FAILPOINT("published");
  if (caller.prepared) {
    caller.prepared(order.prepared);
  }
  Result<sys::Pidfd> shim = spawn_shim(order.command, dir);
  CO_TRY(shim);
  CHOCK_FAILPOINT("shim-spawned");
  const Result<pid_t> pid =
      co_await await_pid(dir, *shim, order.limits, order.command.container_id);
  if (!pid) {
    const Result<void> undone = co_await give_up(order, *shim);
    Error error = with_undo(pid.error(), undone);
    error.operation = order.operation;
    co_return std::unexpected(std::move(error));
  }
  CHOCK_FAILPOINT("pid-seen");
  Result<std::optional<sys::Pidfd>> process = identify(dir, *pid, *shim);
  if (!process) {
    *fifos = {};  // two descriptors for what has to be done now, should they have run out
    co_await end_shim(*shim);
    Result<void> undone;
    if (order.exec) {
      end_unannounced(dir);
    } else {
      undone = co_await undo_container(order.runtime, order.command.container_id, nullptr);
    }
    co_return std::unexpected(with_undo(std::move(process).error(), undone));
  }
  CHOCK_FAILPOINT("identified");
  co_return Launched{std::move(order.dir), std::move(fifos->exit), std::move(*shim),
                     std::move(*process), *pid};
}

}  // namespace chock::supervisor
