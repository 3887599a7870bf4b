// SPDX-License-Identifier: Apache-2.0
// Exec: another process in a running container.
#include <errno.h>

#include <algorithm>
#include <string>

#include "common/failpoint.h"
#include "common/state/id.h"
#include "common/state/layout.h"
#include "common/sys/open_files.h"
#include "supervisor/bundle.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/launch.h"
#include "supervisor/operations.h"
#include "supervisor/program_paths.h"
#include "supervisor/running.h"
#include "supervisor/settle.h"
#include "supervisor/stdio_plan.h"
#include "supervisor/watch.h"

namespace chock::supervisor {
namespace {

void add_capabilities(state::OciProcess& process, const std::vector<std::string>& names) {
  if (names.empty()) {
    return;
  }
  state::Capabilities& sets =
      process.capabilities ? *process.capabilities : process.capabilities.emplace();
  for (auto* set : {&sets.bounding, &sets.effective, &sets.inheritable, &sets.permitted}) {
    for (const std::string& name : names) {
      if (std::ranges::find(*set, name) == set->end()) {
        set->push_back(name);
      }
    }
  }
}

// The bundle's process with the request's changes.
state::OciProcess changed(state::OciProcess process, const ExecRequest& request) {
  process.args = request.args;
  process.env.insert(process.env.end(), request.env.begin(), request.env.end());
  if (!request.cwd.empty()) {
    process.cwd = request.cwd;
  }
  if (request.user) {
    process.user = *request.user;
  }
  add_capabilities(process, request.capabilities);
  process.no_new_privileges = process.no_new_privileges || request.no_new_privileges;
  process.terminal = request.terminal;
  process.console_size = request.console_size;
  return process;
}

// "exec-1" and so on: the first that is free.
std::string free_process_id(const sys::StateDir& container) {
  for (uint64_t number = 1;; ++number) {
    std::string id = "exec-" + std::to_string(number);
    const Result<sys::StateDir> dir = container.open_dir(id);
    if (!dir && dir.error().code == ENOENT) {
      return id;
    }
  }
}

// After an upgrade the shim that the container was started with may be gone.
std::string choose_shim(const Core& core, const std::string& id,
                        const state::ContainerState& container) {
  if (container.shim.empty()) {
    return core.settings.shim;
  }
  const Result<std::string> recorded = find_shim(container.shim);
  if (!recorded) {
    core.note(Note::Level::Warning, id, {},
              recorded.error().message() + ", continuing with " + core.settings.shim);
  }
  return recorded.value_or(core.settings.shim);
}

Result<state::ProcessState> plan_exec(const Core& core, const ExecRequest& request,
                                      const state::ContainerState& container) {
  state::OciConfig config = TRY(read_bundle(container.bundle));
  state::ProcessState process{
      .process = request.spec ? *request.spec : changed(std::move(config.process), request),
      .exec = true,
      .runtime_args = container.runtime_args.value_or(std::vector<std::string>()),
      .root_uid = config.root_uid,
      .root_gid = config.root_gid,
      .sealed = core.owns()};
  TRY(set_stdio(process, request.stdio));
  return process;
}

struct Prepared {
  std::string process;  // its id
  state::ContainerState container;
  sys::StateDir dir;
};

// Everything up to the launch; nothing in here waits, so an id that is free stays free.
Result<Prepared> prepare(const Core& core, const ExecRequest& request) {
  const sys::StateDir container = TRY(open_container(core, "exec", request.id));
  state::ContainerState state = TRY(read_container(container));
  static_cast<void>(TRY(find_running(core, "exec", request.id)));  // it only has to run
  state::ProcessState process = TRY(plan_exec(core, request, state));
  const std::string id = request.process.empty() ? free_process_id(container) : request.process;
  TRY(state::check_id(id, "process id"));
  sys::StateDir dir =
      TRY(make_process(core.root, container, id, std::move(process), kind_of(request.stdio)));
  return Prepared{id, std::move(state), std::move(dir)};
}

LaunchOrder order_of(const Core& core, const ExecRequest& request, Prepared prepared,
                     const LaunchLimits& limits, StartAnswer answer) {
  return {.operation = "exec",
          .dir = std::move(prepared.dir),
          .command = {.path = choose_shim(core, request.id, prepared.container),
                      .container_id = request.id,
                      .bundle = prepared.container.bundle,
                      .runtime = prepared.container.runtime,
                      .oom_score_adj = core.oom_score_for_containers()},
          .runtime = runtime_of(prepared.container),
          .exec = true,
          .limits = limits,
          .prepared = std::move(answer)};
}

// The container as an owner knows it, or what it knows of one that it does not watch.
std::shared_ptr<Container> watched_container(Core& core, const std::string& id,
                                             const state::ContainerState& state) {
  std::shared_ptr<Container> container = core.find(id);
  if (!container) {
    container = std::make_shared<Container>(id, state);
    if (core.owns()) {
      core.containers[id] = container;
    }
  }
  return container;
}

void discard_exec(Core& core, Container& container, Process& process) {
  const Result<sys::StateDir> dir = core.root.open_dir(container.id);
  const Result<void> gone = dir ? discard_dir(core.root, *dir, process.id) : Result<void>();
  if (!gone) {
    core.note(container.id, process.id, gone.error());
  }
  core.forget(container, process);
}

// Without an owner, whoever begins to serve this root must not take what is being launched here for
// something that was left behind.
Awaitable<Result<std::optional<sys::LockFile>>> lock_unowned(SharedCore core, std::string id) {
  if (core->owns()) {
    co_return std::nullopt;
  }
  const Result<sys::StateDir> dir = open_container(*core, "exec", id);
  CO_TRY(dir);
  Result<sys::LockFile> lock = co_await lock_container(*dir, "exec", id);
  CO_TRY(lock);
  co_return *std::move(lock);
}

Awaitable<Result<StartAnswer>> launch_exec(SharedCore core, std::shared_ptr<Container> container,
                                           std::shared_ptr<Process> process, LaunchOrder order,
                                           Caller caller) {
  StartAnswer answer = order.prepared;
  Result<Launched> launched = co_await launch(std::move(order), caller);
  if (!launched) {
    discard_exec(*core, *container, *process);
    co_return std::unexpected(std::move(launched).error());
  }
  answer.pid = launched->pid;
  process->dir = std::move(launched->dir);
  process->exit_fifo = std::move(launched->exit_fifo);
  process->shim = std::move(launched->shim);
  process->process = std::move(launched->process);
  core->publish(state::EventRecord::Type::StartProcess, container->id, process->id);
  CHOCK_FAILPOINT("announced");
  if (core->owns()) {
    begin_watch(core, std::move(container), std::move(process));
  }
  co_return answer;
}

Awaitable<Result<StartAnswer>> exec_in_turn(SharedCore core, ExecRequest request, Caller caller) {
  const std::optional<Gate::Turn> place = co_await core->execs.enter(caller.gone);
  if (!place) {
    co_return context_canceled("exec", request.id);
  }
  // One that is still being started is waited for (D63).
  if (const std::shared_ptr<Container> starting = core->find(request.id)) {
    const std::optional<Gate::Turn> turn = co_await starting->gate.enter(caller.gone);
    if (!turn) {
      co_return context_canceled("exec", request.id);
    }
    if (starting->init_ended.is_set()) {
      co_return no_such_container("exec", request.id);
    }
  }
  if (!sys::has_open_files_to_spare()) {
    co_return system_error(EMFILE, "exec", request.id);
  }
  const Result<std::optional<sys::LockFile>> lock = co_await lock_unowned(core, request.id);
  CO_TRY(lock);
  Result<Prepared> prepared = prepare(*core, request);
  CO_TRY(prepared);
  const std::shared_ptr<Container> container =
      watched_container(*core, request.id, prepared->container);
  auto process = std::make_shared<Process>(prepared->process);
  container->processes[process->id] = process;
  const Result<state::ProcessState> state = read_process(prepared->dir);
  if (!state) {
    discard_exec(*core, *container, *process);
    co_return std::unexpected(state.error());
  }
  const LaunchLimits limits{
      .timeout = request.timeout.count() > 0 ? request.timeout : core->settings.start_timeout,
      .gone = caller.gone,
      .container_ended = &container->init_ended};
  StartAnswer answer = answer_for(request.id, process->id, prepared->dir.path(), *state);
  LaunchOrder order = order_of(*core, request, *std::move(prepared), limits, std::move(answer));
  co_return co_await launch_exec(core, container, process, std::move(order), std::move(caller));
}

}  // namespace

Awaitable<Result<StartAnswer>> start_exec(SharedCore core, ExecRequest request, Caller caller) {
  const std::shared_ptr<Container> known = core->find(request.id);
  if (!known) {
    co_return co_await exec_in_turn(std::move(core), std::move(request), std::move(caller));
  }
  const std::optional<Gate::Turn> place = co_await known->execs.enter(caller.gone);
  if (!place) {
    co_return context_canceled("exec", request.id);
  }
  co_return co_await exec_in_turn(std::move(core), std::move(request), std::move(caller));
}

}  // namespace chock::supervisor
