// SPDX-License-Identifier: Apache-2.0
// Pidfd holds on to one process, immune to reuse of its number. The only caller of
// pidfd_send_signal(2), wait4(2) and waitid(2).
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>

#include "common/result.h"
#include "common/sys/exit_status.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

// A process that was waited for.
struct Reaped {
  pid_t pid = 0;
  ExitStatus status;
  rusage usage{};  // of the process and the descendants it waited for
};

class Pidfd {
 public:
  // Refers to whoever has the number now; a zombie counts. The caller verifies who that is. ESRCH
  // (nobody) is an Error, as are numbers below 1.
  [[nodiscard]] static Result<Pidfd> open(pid_t pid);

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable for poll(2) once the process has ended.
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool ended() const;

  enum class Delivery { Sent, Gone };
  static constexpr char kSignal[] = "signal process";  // the operation of an Error of signal()
  [[nodiscard]] Result<Delivery> signal(int number) const;

  // SIGKILL to the process group that the process leads. Nothing if it leads none, or has been
  // waited for: until then the number cannot be anybody else's group.
  void kill_group() const;

  // Collects our own child without blocking; nothing while it runs. ECHILD: not a child of ours.
  [[nodiscard]] Result<std::optional<Reaped>> reap() const;

  // How the process ended if it is *not* our child, as far as the kernel still knows: Linux
  // >= 6.15, after fd() has hung up, which is after its own parent has reaped it (PIDFD_GET_INFO).
  // Unknown otherwise.
  [[nodiscard]] ExitStatus status_from_kernel() const;

 private:
  Pidfd(pid_t pid, UniqueFd fd) : pid_(pid), fd_(std::move(fd)) {}

  pid_t pid_;
  UniqueFd fd_;
};

// The ioctl(2) request of status_from_kernel(), for whoever filters system calls.
[[nodiscard]] unsigned long pidfd_info_request();

// Any one child that has ended, without blocking; nothing if there is none (or no child at all).
[[nodiscard]] std::optional<Reaped> reap_any();

}  // namespace chock::sys
