// SPDX-License-Identifier: Apache-2.0
// Taking over a state root as it was left: by us, by one-shot calls, or by a containerd 0.2 daemon.
//
// Only files are read here, so that a thousand containers take less than a second; whatever has to
// be waited for or run goes on afterwards, in the watch of each container.
#include <errno.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/failpoint.h"
#include "common/runtime/answer.h"
#include "common/state/id.h"
#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/sys/lock_file.h"
#include "common/sys/pidfd.h"
#include "common/sys/proc.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/created.h"
#include "supervisor/evidence.h"
#include "supervisor/launch.h"
#include "supervisor/oom.h"
#include "supervisor/operations.h"
#include "supervisor/runtime_call.h"
#include "supervisor/settle.h"
#include "supervisor/staged_dir.h"
#include "supervisor/watch.h"

namespace chock::supervisor {
namespace {

namespace layout = state::layout;

struct Candidate {
  std::shared_ptr<Process> process;
  bool unfinished = false;  // its launch: nobody was told of it
};

Told told_of(const Core& core, const std::string& container, const Process& process) {
  const Result<timespec> made = read_time_made(*process.dir);
  if (!core.settings.observer.told || !made) {
    return Told::Unknown;
  }
  return core.settings.observer.told(container, process.id, *made);
}

// `starttime` is the last that is written before a process is announced: one that cannot be
// identified for want of it never was.
bool is_unfinished(const Evidence& evidence, Told told) {
  switch (judge(evidence)) {
    case Verdict::Launching:
    case Verdict::NeverStarted:
      return true;
    case Verdict::Lost:
      return evidence.identity == Evidence::Identity::Unknown && told == Told::Nothing;
    case Verdict::Running:
    case Verdict::Draining:
    case Verdict::Exited:
      return false;
  }
  __builtin_unreachable();
}

// The exit fifo is opened first, then everything else is looked at.
Result<Candidate> find_process(const Core& core, const std::string& container_id,
                               const sys::StateDir& container, const std::string& id) {
  sys::StateDir dir = TRY(container.open_dir(id));
  auto process = std::make_shared<Process>(id);
  process->exit_fifo = TRY(open_exit_fifo(dir));
  CHOCK_FAILPOINT("adopt-opened");
  Evidence evidence = TRY(read_evidence(dir, process->exit_fifo.get()));
  process->dir = std::move(dir);
  process->told = told_of(core, container_id, *process);
  const bool unfinished = is_unfinished(evidence, process->told);
  process->process = std::move(evidence.process);
  return Candidate{std::move(process), unfinished};
}

void discard_noted(const Core& core, const sys::StateDir& parent, const std::string& id,
                   const std::string& process) {
  const Result<void> gone = discard_dir(core.root, parent, process.empty() ? id : process);
  if (!gone) {
    core.note(id, process, gone.error());
  }
}

void note_undo(const Core& core, const std::string& id, const Result<void>& undone) {
  if (!undone) {
    core.note(id, layout::kInit, undone.error());
  }
}

// From here on it is as if we had started it. A start that our predecessor did not live to publish
// is published now: no exit without a start.
void take_over(const SharedCore& core, const std::shared_ptr<Container>& container,
               const std::shared_ptr<Process>& process) {
  using Type = state::EventRecord::Type;
  const bool init = process->id == layout::kInit;
  if (process->told == Told::Nothing) {
    core->publish(init ? Type::StartContainer : Type::StartProcess, container->id,
                  init ? "" : process->id);
    process->told = Told::Start;
  }
  if (init && process->process && !process->process->ended()) {
    arm_oom(*core, *container, *process->process);
    begin_oom_watch(core, container);
  }
  begin_watch(core, container, process);
}

// A one-shot call that is still at a start, or an exec, holds the lock of the container meanwhile.
Awaitable<Result<sys::LockFile>> lock_adopted(SharedCore core, std::string id) {
  const Result<sys::StateDir> dir = core->root.open_dir(id);
  CO_TRY(dir);
  Result<sys::LockFile> lock = co_await lock_container(*dir, "adopt", id);
  co_return lock;
}

// Not sure yet: the runtime is asked.
bool may_be_created(const Container& container, const Process& init) {
  if (init.id != layout::kInit || !init.process || init.process->ended()) {
    return false;
  }
  const auto stat = sys::read_process_stat(init.process->pid());
  return stat && *stat && looks_created((*stat)->command, container.state.runtime);
}

// Created, but its supervisor died before it said `start`: nobody will start it. Nobody was told of
// it either, unless it was taken for started by one that the runtime did not answer: then its end
// is told as well. The caller holds the turn and the lock.
Awaitable<void> undo_if_created(SharedCore core, std::shared_ptr<Container> container,
                                std::shared_ptr<Process> init) {
  const runtime::Runtime runtime = runtime_of(container->state);
  std::optional<Gate::Turn> place = co_await core->ends.enter();  // there may be many of them
  const Result<RuntimeAnswer> answer =
      co_await call_runtime(runtime::query_state(runtime, container->id));
  place.reset();
  const Result<runtime::RuntimeState> state =
      answer ? runtime::parse_state(answer->output) : std::unexpected(answer.error());
  using RuntimeStatus = runtime::RuntimeState::Status;
  const bool created = state && state->status == RuntimeStatus::Created;
  const bool told = init->told != Told::Nothing;
  if (!created || told) {
    take_over(core, container, init);
  }
  if (!created) {
    co_return;
  }
  core->note(Note::Level::Warning, container->id, init->id, "created but never started: undone");
  const sys::Pidfd* process = init->process ? &*init->process : nullptr;
  if (!told) {
    container->init_ended.set();
  }
  const Result<void> undone = co_await undo_container(runtime, container->id, process);
  note_undo(*core, container->id, undone);
  if (told) {
    co_return;
  }
  co_await end_draining(*init->dir, init->exit_fifo.get());
  discard_noted(*core, core->root, container->id, {});
  core->forget(*container, *init);
}

Awaitable<void> judge_created(SharedCore core, std::shared_ptr<Container> container,
                              std::shared_ptr<Process> init) {
  const std::optional<Gate::Turn> turn = co_await container->gate.enter();
  const Result<sys::LockFile> lock = co_await lock_adopted(core, container->id);
  if (lock) {
    co_await undo_if_created(core, container, init);
  } else if (lock.error().code == ESRCH || lock.error().code == ENOENT) {
    container->init_ended.set();  // undone by whoever was at it
    core->forget(*container, *init);
  } else {  // it lives, and is not to be lost
    core->note(container->id, init->id, lock.error());
    take_over(core, container, init);
  }
}

// Half-made execs go (D52), with whatever the runtime has made of them.
Awaitable<void> undo_exec(SharedCore core, const Container& container, const Process& exec,
                          const sys::StateDir& container_dir) {
  static_cast<void>(co_await end_launching(*exec.dir, container.id));  // an exec has no group
  end_unannounced(*exec.dir);
  discard_noted(*core, container_dir, container.id, exec.id);
}

Awaitable<void> undo_init(SharedCore core, const Container& container, const Process& init) {
  const sys::StateDir& dir = *init.dir;
  const Leftovers left = co_await end_launching(dir, container.id);
  const Result<void> undone = co_await undo_unannounced(runtime_of(container.state), container.id,
                                                        container.state.bundle, dir);
  co_await left.remove();
  note_undo(*core, container.id, undone);
  discard_noted(*core, core->root, container.id, {});
}

// A launch that had not come to a pid.
Awaitable<void> finish_launch(SharedCore core, std::shared_ptr<Container> container,
                              std::shared_ptr<Process> process) {
  const bool init = process->id == layout::kInit;
  const Result<sys::LockFile> lock = co_await lock_adopted(core, container->id);
  const Result<sys::StateDir> dir = core->root.open_dir(container->id);
  const Result<Candidate> found = lock && dir
                                      ? find_process(*core, container->id, *dir, process->id)
                                      : std::unexpected(lock ? dir.error() : lock.error());
  if (found && !found->unfinished) {
    process->process = std::move(found->process->process);
    process->exit_fifo = std::move(found->process->exit_fifo);
    process->told = found->process->told;
    if (may_be_created(*container, *process)) {
      co_await undo_if_created(core, container, process);
    } else {
      take_over(core, container, process);
    }
    co_return;
  }
  if (found) {
    core->note(Note::Level::Warning, container->id, process->id, "never started: undone");
    // Not one expression: g++ 12 destroys twice what a conditional makes inside a co_await.
    if (init) {
      co_await undo_init(core, *container, *found->process);
    } else {
      co_await undo_exec(core, *container, *found->process, *dir);
    }
  }
  if (init) {
    container->init_ended.set();
  }
  core->forget(*container, *process);
}

// Until it is known what becomes of the init there are no operations on its container.
Awaitable<void> finish_start(SharedCore core, std::shared_ptr<Container> container,
                             std::shared_ptr<Process> init) {
  const std::optional<Gate::Turn> turn = co_await container->gate.enter();
  co_await finish_launch(std::move(core), container, std::move(init));
}

void adopt_process(const SharedCore& core, const std::shared_ptr<Container>& container,
                   const Candidate& found) {
  const std::shared_ptr<Process>& process = found.process;
  const bool init = process->id == layout::kInit;
  if (found.unfinished) {
    detach(core, container->id,
           init ? finish_start(core, container, process) : finish_launch(core, container, process));
    return;
  }
  if (may_be_created(*container, *process)) {
    detach(core, container->id, judge_created(core, container, process));
    return;
  }
  take_over(core, container, process);
}

// An exec that cannot be read is left alone; it must not cost the others their supervisor (D41).
void find_execs(const Core& core, const sys::StateDir& dir, Container& container,
                std::vector<Candidate>& found) {
  const auto entries = dir.list();
  if (!entries) {
    core.note(container.id, {}, entries.error());
    return;
  }
  for (const sys::StateDir::Entry& entry : *entries) {
    if (!entry.directory || entry.name == layout::kInit) {
      continue;
    }
    Result<Candidate> exec = find_process(core, container.id, dir, entry.name);
    if (exec) {
      found.push_back(*std::move(exec));
    } else {
      core.note(container.id, entry.name, exec.error());
    }
  }
}

// One that is kept, and that is over for everybody.
Result<bool> has_ended(const sys::StateDir& container) {
  return TRY(container.read_file(layout::kEnded, state::kFileLimit)).has_value();
}

// What a containerd 0.2 daemon leaves that dies between making the two directories.
bool has_no_process(const sys::StateDir& container) {
  const auto entries = container.list();
  return entries && std::ranges::none_of(*entries, [](const sys::StateDir::Entry& entry) {
           return entry.directory || entry.name == layout::kInit;
         });
}

// All are in the registry before any is watched: a watch may end at once.
Result<void> adopt_container(const SharedCore& core, const std::string& id) {
  const sys::StateDir dir = TRY(core->root.open_dir(id));
  if (TRY(has_ended(dir))) {
    return {};
  }
  auto container = std::make_shared<Container>(id, TRY(read_container(dir)));
  if (has_no_process(dir)) {
    core->note(Note::Level::Warning, id, {}, "never started: removed");
    return discard_dir(core->root, core->root, id);
  }
  std::vector<Candidate> found;
  found.push_back(TRY(find_process(*core, id, dir, layout::kInit)));
  find_execs(*core, dir, *container, found);
  for (const Candidate& process : found) {
    container->processes[process.process->id] = process.process;
  }
  core->containers[id] = container;
  for (const Candidate& process : found) {
    adopt_process(core, container, process);
  }
  return {};
}

// What a process that has gone was about to publish, or to remove.
void sweep(const Core& core, const std::string& name) {
  if (const Result<void> swept = StagedDir::sweep(core.root, name); !swept) {
    core.note(name, {}, swept.error());
  }
}

}  // namespace

Result<Supervisor::Adopted> adopt_root(const SharedCore& core) {
  Supervisor::Adopted adopted;
  for (const sys::StateDir::Entry& entry : TRY(core->root.list())) {
    if (!entry.directory) {
      continue;
    }
    if (StagedDir::is_staged(entry.name)) {
      sweep(*core, entry.name);
      continue;
    }
    Result<void> taken = state::check_id(entry.name, "container id");
    if (taken) {
      taken = adopt_container(core, entry.name);
    }
    if (taken) {
      ++adopted.containers;
      continue;
    }
    // It stays where it is: something of it may live.
    ++adopted.broken;
    core->note(entry.name, {}, taken.error());
  }
  return adopted;
}

}  // namespace chock::supervisor
