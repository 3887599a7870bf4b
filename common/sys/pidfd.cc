// SPDX-License-Identifier: Apache-2.0
#include "common/sys/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc 2.36 forgot to say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace chock::sys {
namespace {

// struct pidfd_info and its ioctl are younger than the headers of Debian 12; the layout is the
// first published version (64 bytes), which every later kernel accepts (linux/pidfd.h).
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup_id;
  uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr uint64_t kPidfdInfoExit = 1U << 3U;

std::optional<Reaped> wait_nohang(pid_t pid) {
  Reaped reaped;
  int wait_status = 0;
  pid_t got = -1;
  do {
    got = ::wait4(pid, &wait_status, WNOHANG, &reaped.usage);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) {
    return std::nullopt;
  }
  reaped.pid = got;
  reaped.status = ExitStatus::from_wait(wait_status);
  return reaped;
}

}  // namespace

unsigned long pidfd_info_request() { return _IOWR(0xFF, 11, PidfdInfo); }

Result<Pidfd> Pidfd::open(pid_t pid) {
  const int fd = pid > 0 ? ::pidfd_open(pid, 0) : (errno = ESRCH, -1);
  if (fd < 0) {
    // Seen of Linux 6.1: EINVAL of a process that has just been waited for. The number of a thread
    // is that as well, or ENOENT of late. In each case no process has the number.
    const bool nobody = errno == EINVAL || errno == ENOENT;
    return system_error(nobody ? ESRCH : errno, "open pidfd of", std::to_string(pid));
  }
  return Pidfd(pid, UniqueFd(fd));  // close-on-exec by itself, pidfd_open(2)
}

bool Pidfd::ended() const {
  pollfd poll_fd{fd_.get(), POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) > 0;
}

Result<Pidfd::Delivery> Pidfd::signal(int number) const {
  if (::pidfd_send_signal(fd_.get(), number, nullptr, 0) == 0) {
    return Delivery::Sent;
  }
  if (errno == ESRCH) {
    return Delivery::Gone;
  }
  return system_error(kSignal, std::to_string(pid_));
}

void Pidfd::kill_group() const {
  // Of a child of ours this stays true until we wait for it ourselves.
  const bool there = ::pidfd_send_signal(fd_.get(), 0, nullptr, 0) == 0;
  if (pid_ > 1 && there && ::getpgid(pid_) == pid_) {
    ::kill(-pid_, SIGKILL);  // ESRCH: the group has gone
  }
}

Result<std::optional<Reaped>> Pidfd::reap() const {
  // The number is safe here: only this wait can free it while the process is our child.
  errno = 0;
  std::optional<Reaped> reaped = wait_nohang(pid_);
  if (!reaped && errno == ECHILD) {
    return system_error(ECHILD, "reap", std::to_string(pid_));
  }
  return reaped;
}

ExitStatus Pidfd::status_from_kernel() const {
  PidfdInfo info{};
  info.mask = kPidfdInfoExit;
  if (::ioctl(fd_.get(), pidfd_info_request(), &info) != 0 || (info.mask & kPidfdInfoExit) == 0) {
    return ExitStatus::unknown();
  }
  return ExitStatus::from_wait(info.exit_code);
}

std::optional<Reaped> reap_any() { return wait_nohang(-1); }

}  // namespace chock::sys
