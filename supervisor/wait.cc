// SPDX-License-Identifier: Apache-2.0
// Waiting for the end of a process, whether or not anybody watches it.

#include "common/state/layout.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/evidence.h"
#include "supervisor/first_of.h"
#include "supervisor/notice.h"
#include "supervisor/operations.h"
#include "supervisor/settle.h"

namespace chock::supervisor {
namespace {

bool is_set(const Latch* latch) { return latch != nullptr && latch->is_set(); }

// One process, watched from outside.
struct Watched {
  std::string id;
  std::string process;
  sys::StateDir container;
  sys::StateDir dir;
  sys::UniqueFd exit_fifo;
  Notice notice;                     // of files appearing in `dir`
  std::optional<uint32_t> recorded;  // exitStatus as it was seen last
};

Result<Watched> open_watched(const Core& core, const WaitRequest& request) {
  const std::string process = process_or_init(request.process);
  sys::StateDir container = TRY(open_container(core, "wait", request.id));
  sys::StateDir dir = TRY(open_process(container, "wait", request.id, process));
  sys::UniqueFd exit_fifo = TRY(open_exit_fifo(dir));
  Notice notice = TRY(Notice::of_files(dir));
  return Watched{request.id,           process,           std::move(container), std::move(dir),
                 std::move(exit_fifo), std::move(notice), std::nullopt};
}

// Whoever looks after the container may remove the directory as soon as the shim has ended, so the
// status is read when it appears, not only then.
void look(Watched& watched) {
  watched.notice.drain();
  const Result<std::optional<uint32_t>> status = read_exit_status(watched.dir);
  if (status && *status) {
    watched.recorded = *status;
  }
}

// What nobody else has settled is settled here, under the container's lock.
Awaitable<Result<uint32_t>> settle_locked(Watched& watched) {
  const Result<sys::LockFile> lock = co_await lock_container(watched.container, "wait", watched.id);
  CO_TRY(lock);
  const Result<state::ContainerState> state = read_container(watched.container);
  CO_TRY(state);
  const Result<Evidence> evidence = read_evidence(watched.dir, watched.exit_fifo.get());
  CO_TRY(evidence);
  if (judge(*evidence) == Verdict::NeverStarted) {
    co_return std::unexpected(
        Error{ESRCH, "wait", watched.id, "containerd: container not started"});
  }
  const sys::Pidfd* process = evidence->process ? &*evidence->process : nullptr;
  const Settlement settled = co_await settle(watched.dir, process, runtime_of(*state), watched.id);
  co_return settled.status;
}

Awaitable<Result<WaitAnswer>> wait_on_disk(SharedCore core, WaitRequest request, Latch* gone) {
  Result<Watched> watched = open_watched(*core, request);
  CO_TRY(watched);
  while (true) {
    look(*watched);
    const Result<Evidence> evidence = read_evidence(watched->dir, watched->exit_fifo.get());
    CO_TRY(evidence);
    if (!evidence->shim_lives) {
      break;
    }
    co_await first_of(readable(watched->exit_fifo.get()), readable(watched->notice.fd()),
                      when_set(gone));
    if (is_set(gone)) {
      co_return context_canceled("wait", request.id);
    }
  }
  look(*watched);
  if (watched->recorded) {
    co_return WaitAnswer{*watched->recorded};
  }
  const Result<uint32_t> status = co_await settle_locked(*watched);
  CO_TRY(status);
  co_return WaitAnswer{*status};
}

}  // namespace

Awaitable<Result<WaitAnswer>> wait_for_process(SharedCore core, WaitRequest request,
                                               Caller caller) {
  const std::shared_ptr<Process> process = core->find(request.id, process_or_init(request.process));
  if (!process) {
    co_return co_await wait_on_disk(std::move(core), std::move(request), caller.gone);
  }
  co_await first_of(process->ended.wait(), when_set(caller.gone));
  if (!process->ended.is_set()) {
    co_return context_canceled("wait", request.id);
  }
  co_return WaitAnswer{process->status};
}

}  // namespace chock::supervisor
