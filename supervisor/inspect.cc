// SPDX-License-Identifier: Apache-2.0
// Telling what there is, from disk; nothing here changes anything.
#include <algorithm>

#include "common/state/id.h"
#include "common/state/layout.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/created.h"
#include "supervisor/evidence.h"
#include "supervisor/fd_watch.h"
#include "supervisor/freezer.h"
#include "supervisor/operations.h"

namespace chock::supervisor {
namespace {

// Looked at before others have their turn: a container takes a quarter of a millisecond.
constexpr size_t kAtATime = 16;

bool lives(const sys::Pidfd& process) { return !process.ended(); }

// Its descriptors are looked at only if its name, which we have read, says that it may be so.
bool is_created(const Evidence& evidence, const std::string& runtime) {
  return evidence.process && looks_created(evidence.command, runtime) &&
         awaits_start(evidence.process->pid());
}

Status status_of_running(const Core& core, const Evidence& evidence) {
  return evidence.process && is_frozen(core.cgroup_mounts, evidence.process->pid())
             ? Status::Paused
             : Status::Running;
}

Status status_of(const Core& core, const Evidence& evidence, bool init,
                 const std::string& runtime) {
  switch (judge(evidence)) {
    case Verdict::Launching:
    case Verdict::NeverStarted:
      return Status::Creating;
    case Verdict::Running:
      return init && is_created(evidence, runtime) ? Status::Created
                                                   : status_of_running(core, evidence);
    case Verdict::Lost:
      return evidence.process && lives(*evidence.process) ? Status::Running : Status::Stopped;
    case Verdict::Draining:
    case Verdict::Exited:
      return Status::Stopped;
  }
  __builtin_unreachable();
}

Result<ProcessInfo> inspect_process(const Core& core, const sys::StateDir& container,
                                    const std::string& id, const std::string& runtime) {
  const sys::StateDir dir = TRY(container.open_dir(id));
  const sys::UniqueFd exit_fifo = TRY(open_exit_fifo(dir));
  const Evidence evidence = TRY(read_evidence(dir, exit_fifo.get()));
  const bool init = id == state::layout::kInit;
  ProcessInfo info{.process = id,
                   .status = status_of(core, evidence, init, runtime),
                   .pid = evidence.pid.value_or(0)};
  info.exit_status = evidence.exit_status;
  state::ProcessState state = TRY(read_process(dir));
  info.spec = std::move(state.process);
  info.stdio = {.in = state.stdin_path, .out = state.stdout_path, .err = state.stderr_path};
  return info;
}

Result<std::vector<ProcessInfo>> inspect_processes(const Core& core, const sys::StateDir& container,
                                                   const std::string& runtime) {
  std::vector<ProcessInfo> processes;
  for (const sys::StateDir::Entry& entry : TRY(container.list())) {
    if (!entry.directory && entry.name != state::layout::kInit) {
      continue;
    }
    Result<ProcessInfo> info = inspect_process(core, container, entry.name, runtime);
    if (!info && entry.name == state::layout::kInit) {
      return std::unexpected(std::move(info).error());
    }
    if (info) {  // an exec that cannot be read says nothing about the others
      processes.push_back(*std::move(info));
    }
  }
  const auto is_init = [](const ProcessInfo& p) { return p.process == state::layout::kInit; };
  const auto init = std::ranges::find_if(processes, is_init);
  if (init != processes.end()) {
    std::rotate(processes.begin(), init, init + 1);
  }
  return processes;
}

Result<ContainerInfo> inspect(const Core& core, const sys::StateDir& dir, const std::string& id) {
  state::ContainerState state = TRY(read_container(dir));
  ContainerInfo info{.id = id, .status = Status::Stopped};
  info.bundle = std::move(state.bundle);
  info.runtime = std::move(state.runtime);
  info.runtime_args = std::move(state.runtime_args).value_or(std::vector<std::string>());
  info.labels = std::move(state.labels).value_or(std::vector<std::string>());
  info.directory = dir.path();
  info.processes = TRY(inspect_processes(core, dir, info.runtime));
  if (!info.processes.empty() && info.processes.front().process == state::layout::kInit) {
    info.status = info.processes.front().status;
  }
  return info;
}

ContainerInfo broken(const sys::StateDir& dir, const std::string& id, const Error& error) {
  ContainerInfo info{.id = id, .status = Status::Broken, .reason = error.message()};
  info.directory = dir.path();
  return info;
}

}  // namespace

Result<ContainerInfo> inspect_container(const Core& core, const std::string& id) {
  const sys::StateDir dir = TRY(open_container(core, "state", id));
  Result<ContainerInfo> info = inspect(core, dir, id);
  return info ? std::move(info) : broken(dir, id, info.error());
}

Awaitable<Result<ListAnswer>> list_containers(SharedCore core) {
  const auto entries = core->root.list();
  CO_TRY(entries);
  ListAnswer answer;
  size_t seen = 0;
  for (const sys::StateDir::Entry& entry : *entries) {
    if (++seen % kAtATime == 0) {
      co_await yield_once();
    }
    if (!entry.directory || !state::check_id(entry.name, "container id")) {
      continue;
    }
    // One that goes while we look is not there.
    if (Result<ContainerInfo> info = inspect_container(*core, entry.name)) {
      answer.containers.push_back(*std::move(info));
    }
  }
  co_return answer;
}

}  // namespace chock::supervisor
