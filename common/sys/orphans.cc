// SPDX-License-Identifier: Apache-2.0
#include "common/sys/orphans.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/sys/pidfd.h"
#include "common/sys/signals.h"

namespace chock::sys {
namespace {

bool come_to_us() {
  int subreaper = 0;
  return ::getpid() == 1 || (::prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == 0 && subreaper != 0);
}

// Everybody who has ended by now; a status if the child is among them.
std::optional<ExitStatus> reap_all(pid_t child) {
  std::optional<ExitStatus> status;
  while (const std::optional<Reaped> reaped = reap_any()) {
    if (reaped->pid == child) {
      status = reaped->status;
    }
  }
  return status;
}

Result<int> look_after(pid_t pid, const SignalFd& signals) {
  const Pidfd child = TRY(Pidfd::open(pid));  // not waited for yet, so the number is certain
  while (true) {
    if (const std::optional<ExitStatus> status = reap_all(pid)) {
      return static_cast<int>(status->number());
    }
    pollfd ready{.fd = signals.fd(), .events = POLLIN};
    static_cast<void>(::poll(&ready, 1, -1));  // EINTR: there may be something to read all the same
    while (const std::optional<int> number = signals.take_next()) {
      if (*number != SIGCHLD) {
        static_cast<void>(child.signal(*number));  // gone: its SIGCHLD is on its way
      }
    }
  }
}

}  // namespace

Result<std::optional<int>> leave_orphans_to_parent() {
  if (!come_to_us()) {
    return std::nullopt;
  }
  const BlockedSignals blocked{SIGCHLD, SIGTERM, SIGINT, SIGHUP};
  const SignalFd signals = TRY(SignalFd::make(blocked));
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return system_error("fork");
  }
  if (child > 0) {
    return TRY(look_after(child, signals));
  }
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) {  // it died before that took effect (prctl(2))
    return system_error(ESRCH, "fork");
  }
  return std::nullopt;
}

}  // namespace chock::sys
