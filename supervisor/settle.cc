// SPDX-License-Identifier: Apache-2.0
#include "supervisor/settle.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include <optional>

#include "common/state/exit_record.h"
#include "common/state/layout.h"
#include "common/state/timestamp.h"
#include "common/sys/atomic_file.h"
#include "common/sys/fifo.h"
#include "common/sys/proc.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/exit_watch.h"
#include "supervisor/first_of.h"
#include "supervisor/notice.h"
#include "supervisor/process_search.h"
#include "supervisor/runtime_call.h"
#include "supervisor/shim_launch.h"

namespace chock::supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPromptDeath{200};  // a process that is not frozen is gone long before
constexpr seconds kKillGrace{10};
constexpr seconds kReapGrace{1};  // for whoever inherited the process to wait for it
constexpr seconds kShortCall{10};
constexpr seconds kDrainGrace{2};
constexpr seconds kLockPatience{180};  // more than any operation takes

struct Lost {
  state::ExitRecord record;
  uint32_t number = sys::ExitStatus::kUnknownNumber;
};

// The kernel's word where it has one: by waiting, if the process was left to us, else by asking.
// What the contract says otherwise: 137 of a process that we had to kill, else 255.
Lost describe_lost(const sys::Pidfd* process, const sys::ExitStatus& status, bool killed) {
  Lost lost;
  lost.record.exited_at = state::wall_clock();
  lost.record.origin = state::ExitRecord::Origin::Synthesised;
  if (process == nullptr) {
    return lost;
  }
  lost.record.pid = process->pid();
  lost.record.status = status;
  if (lost.record.status.known()) {
    lost.record.origin = state::ExitRecord::Origin::Kernel;
  } else if (killed) {
    lost.record.status = sys::ExitStatus::from_wait(SIGKILL);
  }
  lost.number = lost.record.status.number();
  return lost;
}

// What the kernel shows of a zombie. To who may not look it shows 0, which says nothing therefore.
sys::ExitStatus status_of_zombie(const sys::Pidfd& process) {
  const Result<std::optional<sys::ProcessStat>> stat = sys::read_process_stat(process.pid());
  if (!stat || !*stat || (*stat)->state != 'Z' || (*stat)->wait_status == 0) {
    return sys::ExitStatus::unknown();
  }
  // Not waited for even now: so the number was its own.
  const Result<sys::Pidfd::Delivery> there = process.signal(0);
  return there && *there == sys::Pidfd::Delivery::Sent
             ? sys::ExitStatus::from_wait((*stat)->wait_status)
             : sys::ExitStatus::unknown();
}

// It may be us who inherited the process: as pid 1, or as a subreaper. If nobody waits for it, the
// kernel's answer (PIDFD_GET_INFO) does not come; of one that we had to kill it is not waited for.
Awaitable<sys::ExitStatus> ask_kernel(const sys::Pidfd& process, bool killed) {
  const Result<std::optional<sys::Reaped>> ours = process.reap();
  if (ours && *ours) {
    co_return (*ours)->status;
  }
  const sys::ExitStatus zombie = status_of_zombie(process);
  if (zombie.known()) {
    co_return zombie;
  }
  if (!ours && !killed) {
    co_await first_of(hang_up(process.fd()), pause_for(kReapGrace));
  }
  co_return process.status_from_kernel();
}

Result<void> record_lost(const sys::StateDir& dir, const Lost& lost) {
  TRY(sys::write_file(dir, state::layout::kExitRecord, state::format_exit_record(lost.record)));
  return sys::write_file(dir, state::layout::kExitStatus, std::to_string(lost.number));
}

// Somebody has removed the file, and so the directory, while we waited for its lock.
bool removed(const sys::LockFile& lock) {
  struct stat info{};
  return ::fstat(lock.fd(), &info) != 0 || info.st_nlink == 0;
}

// Somebody has taken the directory away to remove it, and may be at that.
bool taken_away(const sys::StateDir& container) {
  struct stat ours{}, there{};
  if (::stat(container.path().c_str(), &there) != 0) {
    return errno == ENOENT;
  }
  return ::fstat(container.fd(), &ours) == 0 &&
         (ours.st_dev != there.st_dev || ours.st_ino != there.st_ino);
}

// A lock in there would be one that we have made.
Result<std::optional<sys::LockFile>> try_lock_in_place(const sys::StateDir& container) {
  Result<std::optional<sys::LockFile>> lock =
      sys::LockFile::try_lock(container, state::layout::kContainerLock);
  if (lock && taken_away(container)) {
    TRY(container.remove_file(state::layout::kContainerLock));
    return system_error(ENOENT, "lock", container.path());
  }
  return lock;
}

}  // namespace

Awaitable<bool> kill_surely(const sys::Pidfd& process, runtime::Runtime runtime, std::string id) {
  static_cast<void>(process.signal(SIGKILL));  // gone by itself meanwhile: as well
  co_await first_of(readable(process.fd()), pause_for(kPromptDeath));
  if (!process.ended()) {
    // A frozen process dies when it is thawed; thawing one that is not frozen does nothing.
    static_cast<void>(co_await call_runtime(runtime::resume(runtime, id), std::string(),
                                            {.deadline = kShortCall}));
    co_await first_of(readable(process.fd()), pause_for(kKillGrace));
  }
  co_return process.ended();
}

bool is_recorded(const sys::StateDir& dir) {
  const Result<std::optional<uint32_t>> recorded = read_exit_status(dir);
  return recorded && recorded->has_value();
}

Awaitable<Settlement> settle(const sys::StateDir& dir, const sys::Pidfd* process,
                             runtime::Runtime runtime, std::string id) {
  const Result<std::optional<uint32_t>> recorded = read_exit_status(dir);
  if (recorded && *recorded) {
    co_return Settlement{.status = **recorded};
  }
  const bool killed = process != nullptr && !process->ended();
  if (killed) {
    static_cast<void>(co_await kill_surely(*process, std::move(runtime), std::move(id)));
  }
  sys::ExitStatus status;
  if (process != nullptr) {
    status = co_await ask_kernel(*process, killed);
  }
  const Lost lost = describe_lost(process, status, killed);
  Settlement settled{.status = lost.number, .lost = true};
  if (!recorded) {
    settled.failure = recorded.error();
  } else if (const Result<void> written = record_lost(dir, lost); !written) {
    settled.failure = written.error();  // on a full disk, say: the status is as true without it
  }
  co_return settled;
}

Awaitable<void> kill_rest(runtime::Runtime runtime, std::string id) {
  static_cast<void>(co_await call_runtime(runtime::kill_all(runtime, id)));
}

Awaitable<Result<void>> delete_from_runtime(runtime::Runtime runtime, std::string id) {
  const Result<RuntimeAnswer> answer = co_await call_runtime(runtime::remove(runtime, id));
  // "Gone" is normal: an unsealed shim has deleted it. Anything else gets the stronger form.
  if (answer && (answer->status.success() || says_gone(*answer))) {
    co_return Result<void>();
  }
  const Result<RuntimeAnswer> forced = co_await call_runtime(runtime::force_remove(runtime, id));
  CO_TRY(forced);
  co_return check_answer(*forced, "delete", id);
}

Awaitable<void> end_draining(const sys::StateDir& dir, int exit_fifo) {
  if (!sys::has_writer(exit_fifo)) {
    co_return;
  }
  co_await first_of(readable(exit_fifo), pause_for(kDrainGrace));
  const std::optional<sys::Pidfd> shim = find_process_in(dir);
  if (sys::has_writer(exit_fifo) && shim) {
    static_cast<void>(shim->signal(SIGKILL));  // it may have ended this moment
    co_await first_of(readable(shim->fd()), pause_for(kKillGrace));
    static_cast<void>(shim->reap());  // our own child or not
  }
}

Awaitable<Leftovers> end_launching(const sys::StateDir& dir, std::string container_id) {
  Leftovers left;
  const std::optional<sys::Pidfd> shim = find_process_in(dir);
  if (shim) {
    // A pid or none: either way there is an end to what it has begun.
    static_cast<void>(
        co_await await_pid(dir, *shim, {.timeout = kDrainGrace}, std::move(container_id)));
    left = Leftovers::of(shim->pid());
    co_await end_shim(*shim);
  }
  co_return left;
}

Awaitable<Result<sys::LockFile>> lock_container(const sys::StateDir& container,
                                                std::string operation, std::string id) {
  constexpr milliseconds kRetry{50};
  for (milliseconds waited{0}; waited < kLockPatience; waited += kRetry) {
    Result<std::optional<sys::LockFile>> lock = try_lock_in_place(container);
    if (!lock && lock.error().code != ENOENT) {
      co_return std::unexpected(std::move(lock).error());
    }
    if (!lock || (*lock && removed(**lock))) {
      co_return std::unexpected(
          Error{ESRCH, std::move(operation), std::move(id), "containerd: container not found"});
    }
    if (*lock) {
      co_return std::move(**lock);
    }
    // The notice comes a moment before the lock of a holder that has died is released (close(2)
    // inside the kernel), so it is not waited for alone.
    const Result<Notice> notice = Notice::of_closing(container, state::layout::kContainerLock);
    CO_TRY(notice);
    co_await first_of(readable(notice->fd()), pause_for(kRetry));
  }
  co_return std::unexpected(
      Error{EBUSY, std::move(operation), std::move(id), "another operation does not end"});
}

}  // namespace chock::supervisor
