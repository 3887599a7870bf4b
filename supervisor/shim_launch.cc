// SPDX-License-Identifier: Apache-2.0
#include "supervisor/shim_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include <asio/experimental/awaitable_operators.hpp>

#include "common/state/layout.h"
#include "common/sys/atomic_file.h"
#include "common/sys/command.h"
#include "common/sys/proc.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/first_of.h"
#include "supervisor/launch_error.h"
#include "supervisor/notice.h"

namespace chock::supervisor {
namespace {

using asio::experimental::awaitable_operators::operator||;

// A runtime may write the file in pieces: what is no number yet may become one.
Result<std::optional<pid_t>> published_pid(const sys::StateDir& process) {
  Result<std::optional<pid_t>> pid = read_pid(process);
  return !pid && pid.error().code == EINVAL ? std::nullopt : std::move(pid);
}

enum class Woken { Notice, ShimEnded, Timeout, Interrupt };

// Waits until there is a pid to read, or a reason why there will not be one.
Awaitable<void> give_up_asked(const LaunchLimits& limits) {
  co_await first_of(when_set(limits.gone), when_set(limits.container_ended),
                    readable(limits.interrupt));
}

Awaitable<Result<Woken>> await_pid_file(const sys::StateDir& process, const sys::Pidfd& shim,
                                        const LaunchLimits& limits) {
  const Result<Notice> notice = Notice::of_files(process);
  CO_TRY(notice);
  while (true) {
    // First watching, then looking: a pid that came before the watch is seen here.
    const Result<std::optional<pid_t>> pid = published_pid(process);
    CO_TRY(pid);
    if (*pid) {
      co_return Woken::Notice;
    }
    if (shim.ended()) {
      // It may have published the pid after we looked.
      const Result<std::optional<pid_t>> last = published_pid(process);
      CO_TRY(last);
      co_return *last ? Woken::Notice : Woken::ShimEnded;
    }
    const size_t woken =
        co_await first_of(readable(notice->fd()), readable(shim.fd()), give_up_asked(limits));
    if (woken == 2) {
      co_return Woken::Interrupt;
    }
    notice->drain();
  }
}

Error failure(Woken why, const sys::StateDir& process, std::string object) {
  switch (why) {
    case Woken::Notice:
    case Woken::ShimEnded:
      return Error{0, "start", std::move(object), read_launch_failure(process)};
    case Woken::Timeout:
      return Error{0, "start", std::move(object),
                   "containerd: container did not start before the specified timeout"};
    case Woken::Interrupt:
      return Error{ECANCELED, "start", std::move(object), "context canceled"};
  }
  __builtin_unreachable();
}

}  // namespace

Result<sys::Pidfd> spawn_shim(const ShimCommand& command, const sys::StateDir& process) {
  const sys::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) {
    return system_error("open", "/dev/null");
  }
  const sys::Command shim{
      .path = command.path,
      .arguments = {command.path, command.container_id, command.bundle, command.runtime},
      .directory = process.path(),
      .stdio = {null.get(), null.get(), null.get()},
      .group = sys::Command::Group::Own,
      .oom_score_adj = command.oom_score_adj};
  return sys::spawn(shim);
}

Awaitable<void> end_shim(const sys::Pidfd& shim) {
  // What it runs, and the hooks of that, are in its group, and would be left behind. What runs in
  // the container is not: a runtime gives that a session of its own.
  shim.kill_group();
  static_cast<void>(shim.signal(SIGKILL));  // it may have ended by itself
  co_await first_of(readable(shim.fd()), pause_for(kShimEndGrace));
  static_cast<void>(shim.reap());  // nothing to collect if even that did not end it
}

Awaitable<Result<pid_t>> await_pid(const sys::StateDir& process, const sys::Pidfd& shim,
                                   LaunchLimits limits, std::string object) {
  const auto first = co_await (await_pid_file(process, shim, limits) || pause_for(limits.timeout));
  Woken woken = Woken::Timeout;
  if (first.index() == 0) {
    const Result<Woken>& launched = std::get<0>(first);
    CO_TRY(launched);
    woken = *launched;
  }
  if (woken != Woken::Notice) {
    co_return std::unexpected(failure(woken, process, std::move(object)));
  }
  const Result<std::optional<pid_t>> pid = published_pid(process);
  CO_TRY(pid);
  co_return **pid;
}

Result<std::optional<sys::Pidfd>> identify(const sys::StateDir& process, pid_t pid,
                                           const sys::Pidfd& shim) {
  Result<sys::Pidfd> reference = sys::Pidfd::open(pid);
  if (!reference && reference.error().code == ESRCH) {
    return std::nullopt;
  }
  if (!reference) {
    return std::unexpected(std::move(reference).error());
  }
  const std::optional<sys::ProcessStat> stat = TRY(sys::read_process_stat(pid));
  if (!stat) {
    return std::nullopt;
  }
  // A child of the shim has not been waited for, so the number is still its own. Anybody else's
  // child is either below a monitor of the runtime's, or the number has gone on to a stranger; then
  // the shim has ended or has recorded an exit.
  const bool certain = stat->parent == shim.pid();
  if (!certain && (shim.ended() || TRY(read_exit_status(process)))) {
    return std::nullopt;
  }
  // On a full disk we do without it: whoever adopts the process wants to see more of it then.
  static_cast<void>(
      sys::write_file(process, state::layout::kStarttime, std::to_string(stat->starttime)));
  return std::move(*reference);
}

}  // namespace chock::supervisor
