// SPDX-License-Identifier: Apache-2.0
#include "supervisor/watch.h"

#include <errno.h>
#include <signal.h>

#include <asio/co_spawn.hpp>

#include "common/failpoint.h"
#include "common/state/layout.h"
#include "common/sys/atomic_file.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/evidence.h"
#include "supervisor/exit_watch.h"
#include "supervisor/first_of.h"
#include "supervisor/oom.h"
#include "supervisor/settle.h"
#include "supervisor/shim_launch.h"

namespace chock::supervisor {
namespace {

using state::EventRecord;
using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{50};
constexpr milliseconds kLastRetry{1600};

// The exit fifo has hung up, or never will because its writer had gone before we opened it.
Awaitable<void> await_shim_end(const Process& process) {
  if (process.shim) {
    co_await await_exit(process.exit_fifo.get(), *process.shim);
    // It closes the fifo by ending; collected here, it leaves no zombie.
    co_await first_of(readable(process.shim->fd()), pause_for(kShimEndGrace));
    static_cast<void>(process.shim->reap());  // still running after the bound: left alone
  } else {
    co_await await_hang_up(process.exit_fifo.get());
  }
}

Awaitable<Settlement> settle_noted(std::shared_ptr<Core> core, const Container& container,
                                   const Process& process) {
  const sys::Pidfd* reference = process.process ? &*process.process : nullptr;
  const Settlement settled =
      co_await settle(*process.dir, reference, runtime_of(container.state), container.id);
  if (settled.failure) {
    core->note(container.id, process.id, *settled.failure);
  }
  if (settled.lost) {
    core->note(Note::Level::Warning, container.id, process.id,
               "the shim died before its process; exit status " + std::to_string(settled.status));
  }
  co_return settled;
}

// First the event, then the directory goes, and nothing is waited for in between: of whatever
// moment we are killed at, our successor can tell from the two whether the exit is still to be
// published.
void publish_exit(const Core& core, const std::string& id, Process& process, uint32_t status) {
  CHOCK_FAILPOINT("exit-settled");
  process.status = status;
  if (process.told != Told::Exit) {
    core.publish(EventRecord::Type::Exit, id, process.id, status);
    core.measured(process.id == state::layout::kInit ? Measurement::Of::ContainerExit
                                                     : Measurement::Of::ExecExit,
                  process.shim_ended);
    process.told = Told::Exit;
  }
  CHOCK_FAILPOINT("exit-published");
}

void discard_noted(const Core& core, const std::string& id, const std::string& process,
                   const sys::StateDir& parent, const std::string& name) {
  if (const Result<void> gone = discard_dir(core.root, parent, name); !gone) {
    core.note(id, process, gone.error());
  }
  CHOCK_FAILPOINT("exit-discarded");
}

void finish_exec(Core& core, Container& container, Process& process, uint32_t status) {
  // Clients expect this of execs that went down with the init's shim (D79).
  publish_exit(core, container.id, process,
               container.lost ? sys::ExitStatus::kUnknownNumber : status);
  if (const Result<sys::StateDir> dir = core.root.open_dir(container.id)) {
    discard_noted(core, container.id, process.id, *dir, process.id);
  }
  core.forget(container, process);
}

Awaitable<void> await_execs(const Container& container) {
  const auto is_exec = [](const auto& entry) { return entry.first != state::layout::kInit; };
  while (true) {
    const auto found =
        std::find_if(container.processes.begin(), container.processes.end(), is_exec);
    if (found == container.processes.end()) {
      co_return;
    }
    const std::shared_ptr<Process> exec = found->second;
    co_await exec->ended.wait();
  }
}

// What its shim would have killed, had it lived. The execs need not share a pid namespace with the
// init, and their exits are waited for.
Awaitable<void> kill_survivors(std::shared_ptr<Core> core, const Container& container) {
  for (const auto& [id, process] : container.processes) {
    if (id != state::layout::kInit && process->process) {
      static_cast<void>(process->process->signal(SIGKILL));  // it may be gone by itself
    }
  }
  const std::optional<Gate::Turn> turn = co_await core->ends.enter();
  co_await kill_rest(runtime_of(container.state), container.id);
}

// So that nobody adopts what stays and cleans up after it again.
Result<void> mark_ended(const Core& core, const std::string& id) {
  return sys::write_file(TRY(core.root.open_dir(id)), state::layout::kEnded, "");
}

bool is_shortage(const Error& error) {
  return error.code == EMFILE || error.code == ENFILE || error.code == ENOMEM ||
         error.code == EAGAIN;
}

// What we lack ourselves, others may give back soon. False: it was not even tried, and the runtime
// still has the container.
Awaitable<bool> clean_up(std::shared_ptr<Core> core, const Container& container) {
  const std::optional<Gate::Turn> turn = co_await core->ends.enter();
  const auto begun = std::chrono::steady_clock::now();
  Result<void> deleted;
  for (milliseconds pause = kFirstRetry; pause <= kLastRetry; pause *= 2) {
    deleted = co_await delete_from_runtime(runtime_of(container.state), container.id);
    if (deleted || !is_shortage(deleted.error())) {
      break;
    }
    co_await pause_for(pause);
  }
  if (deleted) {
    core->measured(Measurement::Of::Delete, begun);
  } else {
    core->note(container.id, state::layout::kInit, deleted.error());
  }
  CHOCK_FAILPOINT("exit-deleted");
  co_return deleted || !is_shortage(deleted.error());
}

Awaitable<void> finish_init(std::shared_ptr<Core> core, std::shared_ptr<Container> container,
                            std::shared_ptr<Process> init, uint32_t status) {
  container->init_ended.set();
  if (container->lost) {
    co_await kill_survivors(core, *container);
  }
  co_await await_execs(*container);
  const std::optional<Gate::Turn> turn = co_await container->gate.enter();
  record_oom(*core, *container, *init);
  const bool clean = co_await clean_up(core, *container);
  publish_exit(*core, container->id, *init, status);
  if (!clean) {
    // It is left to whoever adopts this root next.
  } else if (!container->state.keep) {
    discard_noted(*core, container->id, init->id, core->root, container->id);
  } else if (const Result<void> marked = mark_ended(*core, container->id); !marked) {
    core->note(container->id, init->id, marked.error());
  }
  core->forget(*container, *init);
}

Awaitable<void> watch(std::shared_ptr<Core> core, std::shared_ptr<Container> container,
                      std::shared_ptr<Process> process) {
  co_await await_shim_end(*process);
  process->shim_ended = std::chrono::steady_clock::now();
  CHOCK_FAILPOINT("exit-hung-up");
  tell_oom(*core, *container);  // while its control group is there
  const bool init = process->id == state::layout::kInit;
  // Before anything dies of it: the exits of the execs are told differently then.
  container->lost = container->lost || (init && !is_recorded(*process->dir));
  const Settlement settled = co_await settle_noted(core, *container, *process);
  if (!init) {
    finish_exec(*core, *container, *process, settled.status);
    co_return;
  }
  co_await finish_init(core, container, process, settled.status);
}

}  // namespace

void detach(const std::shared_ptr<Core>& core, std::string id, Awaitable<void> task) {
  asio::co_spawn(core->executor, std::move(task),
                 [core, id = std::move(id)](const std::exception_ptr& failure) {
                   try {
                     if (failure) {
                       std::rethrow_exception(failure);
                     }
                   } catch (const std::exception& error) {
                     core->note(Note::Level::Error, id, {}, error.what());
                   }
                 });
}

void begin_watch(const std::shared_ptr<Core>& core, std::shared_ptr<Container> container,
                 std::shared_ptr<Process> process) {
  std::string id = container->id;
  detach(core, std::move(id), watch(core, std::move(container), std::move(process)));
}

}  // namespace chock::supervisor
