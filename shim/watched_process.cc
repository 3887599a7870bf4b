// SPDX-License-Identifier: Apache-2.0
#include "shim/watched_process.h"

#include <unistd.h>

#include "common/sys/proc.h"

namespace chock::shim {
namespace {

// A parent that does not collect its dead child within this time is taken not to do it at all.
constexpr std::chrono::seconds kForeignReapBudget{1};

}  // namespace

WatchedProcess::WatchedProcess(sys::EventLoop& loop, sys::Pidfd pidfd, OnEnd on_end)
    : loop_(loop),
      pidfd_(std::move(pidfd)),
      on_end_(std::move(on_end)),
      deadline_(loop, [this] { report_stranger(); }) {}

// Some runtimes leave a monitor of their own between us and the process; then there is no SIGCHLD
// for us (R-10d).
Result<void> WatchedProcess::start() {
  const std::optional<sys::ProcessStat> stat = TRY(sys::read_process_stat(pid()));
  if (!stat) {
    // Gone without a trace, so it was somebody else's, and there is nothing left to be told of.
    return deadline_.set(std::chrono::milliseconds{1});
  }
  if (stat->parent == ::getpid()) {
    return {};
  }
  // By the edge: it stays readable from the death until its parent has reaped it, and then hangs up
  // as well, which is another edge (Linux >= 6.9).
  watch_ = TRY(loop_.watch(pidfd_.fd(), EPOLLIN | EPOLLET, sys::Order::Process,
                           [this](uint32_t events) { on_stranger_event(events); }));
  return {};
}

// The kernel hands out the exit status of somebody else's child once that somebody has reaped it,
// which the hang-up says. By then the process may also have become ours, if its parent died first.
void WatchedProcess::on_stranger_event(uint32_t events) {
  const Result<std::optional<sys::Reaped>> adopted = pidfd_.reap();
  if (adopted && *adopted) {
    report(**adopted);
  } else if ((events & EPOLLHUP) != 0 || !deadline_.set(kForeignReapBudget)) {
    report_stranger();  // better an unknown status than a wait without a bound
  }
}

void WatchedProcess::report_stranger() {
  report({.pid = pid(), .status = pidfd_.status_from_kernel()});
}

// Through the stack, because whoever is told may destroy this object.
void WatchedProcess::report(const sys::Reaped& process) {
  OnEnd on_end = std::move(on_end_);
  on_end(process);
}

}  // namespace chock::shim
