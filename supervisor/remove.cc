// SPDX-License-Identifier: Apache-2.0
// Delete: of a container that is watched, by making it end; of any other, on disk and under its
// lock.
#include <errno.h>

#include "common/state/layout.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/evidence.h"
#include "supervisor/first_of.h"
#include "supervisor/operations.h"
#include "supervisor/process_search.h"
#include "supervisor/runtime_call.h"
#include "supervisor/settle.h"

namespace chock::supervisor {
namespace {

constexpr std::chrono::seconds kEndGrace{2};
constexpr std::chrono::seconds kCleanUpGrace{180};  // three calls of the runtime, in the worst case

std::unexpected<Error> still_running(const std::string& id) {
  return std::unexpected(Error{EBUSY, "delete", id, "the container is running"});
}

// -- Watched by us.

// What keeps a container from ending once its init is dead is a shim that nobody reads from.
Awaitable<void> end_shims(const Container& container) {
  std::vector<std::shared_ptr<Process>> processes;
  processes.reserve(container.processes.size());
  for (const auto& [id, process] : container.processes) {
    processes.push_back(process);
  }
  for (const std::shared_ptr<Process>& process : processes) {
    if (process->dir && !process->ended.is_set()) {
      co_await end_draining(*process->dir, process->exit_fifo.get());
    }
  }
}

Awaitable<Result<Done>> delete_watched(std::shared_ptr<Container> container,
                                       std::shared_ptr<Process> init, bool force) {
  if (!force && init->process && !init->process->ended()) {
    co_return still_running(container->id);
  }
  if (init->process) {
    const bool dead =
        co_await kill_surely(*init->process, runtime_of(container->state), container->id);
    if (!dead) {
      co_return std::unexpected(Error{ETIMEDOUT, "delete", container->id, {}});
    }
  }
  co_await first_of(init->ended.wait(), pause_for(kEndGrace));
  if (!init->ended.is_set() && !force) {
    co_return std::unexpected(
        Error{EBUSY, "delete", container->id, "its output has not been read to the end"});
  }
  if (!init->ended.is_set()) {
    co_await end_shims(*container);
    co_await first_of(init->ended.wait(), pause_for(kCleanUpGrace));
  }
  if (!init->ended.is_set()) {
    co_return std::unexpected(Error{ETIMEDOUT, "delete", container->id, {}});
  }
  co_return Done{};
}

// -- Watched by nobody, or by somebody else.

struct Found {
  std::string id;
  sys::StateDir dir;
  runtime::Runtime runtime;
};

Awaitable<Result<bool>> end_process(const Found& container, const std::string& process) {
  const Result<sys::StateDir> dir = container.dir.open_dir(process);
  CO_TRY(dir);
  const Result<sys::UniqueFd> exit_fifo = open_exit_fifo(*dir);
  CO_TRY(exit_fifo);
  const Result<Evidence> evidence = read_evidence(*dir, exit_fifo->get());
  CO_TRY(evidence);
  if (evidence->process) {
    static_cast<void>(co_await kill_surely(*evidence->process, container.runtime, container.id));
  }
  co_await end_draining(*dir, exit_fifo->get());
  const sys::Pidfd* reference = evidence->process ? &*evidence->process : nullptr;
  if (judge(*evidence) == Verdict::NeverStarted) {
    co_return true;
  }
  const Settlement settled = co_await settle(*dir, reference, container.runtime, container.id);
  co_return settled.lost;
}

Awaitable<Result<void>> end_execs(const Found& container) {
  const auto entries = container.dir.list();
  CO_TRY(entries);
  for (const sys::StateDir::Entry& entry : *entries) {
    if (entry.directory && entry.name != state::layout::kInit) {
      const Result<bool> ended = co_await end_process(container, entry.name);
      if (!ended && ended.error().code != ENOENT) {  // whoever ran it may have removed it
        co_return std::unexpected(ended.error());
      }
    }
  }
  co_return Result<void>();
}

Result<Evidence> look_at_init(const sys::StateDir& container) {
  const sys::StateDir init = TRY(container.open_dir(state::layout::kInit));
  const sys::UniqueFd exit_fifo = TRY(open_exit_fifo(init));
  return read_evidence(init, exit_fifo.get());
}

bool is_running(const Evidence& init) {
  return init.shim_lives || (init.process && !init.process->ended());
}

Awaitable<Result<Done>> delete_found(SharedCore core, Found container) {
  const Result<bool> lost = co_await end_process(container, state::layout::kInit);
  CO_TRY(lost);
  CO_TRY(co_await end_execs(container));
  if (*lost) {
    co_await kill_rest(container.runtime, container.id);
  }
  CO_TRY(co_await delete_from_runtime(container.runtime, container.id));
  CO_TRY(discard_dir(core->root, core->root, container.id));
  co_return Done{};
}

// One that cannot be read can still be forced away, if nothing of it is left: what can be
// identified is killed, and the runtime in use here is asked for the rest.
Awaitable<Result<Done>> delete_broken(SharedCore core, Found container, Error error) {
  const auto entries = container.dir.list();
  CO_TRY(entries);
  for (const sys::StateDir::Entry& entry : *entries) {
    if (entry.directory) {
      static_cast<void>(co_await end_process(container, entry.name));  // looked after below
    }
  }
  static_cast<void>(co_await call_runtime(runtime::force_remove(container.runtime, container.id)));
  for (const sys::StateDir::Entry& entry : *entries) {
    const Result<sys::StateDir> process =
        entry.directory ? container.dir.open_dir(entry.name) : std::unexpected(Error{});
    if (process && find_process_in(*process)) {
      co_return std::unexpected(std::move(error));
    }
  }
  CO_TRY(discard_dir(core->root, core->root, container.id));
  co_return Done{};
}

Awaitable<Result<Done>> delete_on_disk(SharedCore core, DeleteRequest request) {
  Result<sys::StateDir> dir = open_container(*core, "delete", request.id);
  CO_TRY(dir);
  const Result<sys::LockFile> lock = co_await lock_container(*dir, "delete", request.id);
  CO_TRY(lock);
  const Result<state::ContainerState> state = read_container(*dir);
  const Result<Evidence> init = look_at_init(*dir);
  if (init && !request.force && is_running(*init)) {
    co_return still_running(request.id);
  }
  if (state && init) {
    // By name: g++ 12 destroys twice what braces make inside a co_await expression.
    Found container{request.id, *std::move(dir), runtime_of(*state)};
    co_return co_await delete_found(std::move(core), std::move(container));
  }
  const Error error = state ? init.error() : state.error();
  if (!request.force) {
    co_return std::unexpected(error);
  }
  Found broken{request.id, *std::move(dir), state ? runtime_of(*state) : core->settings.runtime};
  co_return co_await delete_broken(std::move(core), std::move(broken), error);
}

}  // namespace

Awaitable<Result<Done>> delete_container(SharedCore core, DeleteRequest request) {
  const std::shared_ptr<Container> container = core->find(request.id);
  std::shared_ptr<Process> init = core->find(request.id, state::layout::kInit);
  if (container && !init) {
    // It is being started. On disk it could be deleted under our own watch, and its exit get lost.
    const std::optional<Gate::Turn> turn = co_await container->gate.enter();
    init = core->find(request.id, state::layout::kInit);
  }
  if (container && init) {
    Result<Done> ended = co_await delete_watched(container, init, request.force);
    if (!ended || !container->state.keep) {
      co_return ended;  // its directory goes with its exit
    }
  }
  co_return co_await delete_on_disk(std::move(core), std::move(request));
}

}  // namespace chock::supervisor
