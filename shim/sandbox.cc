// SPDX-License-Identifier: Apache-2.0
#include "shim/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "shim/sandbox_filter.h"

namespace chock::shim {
namespace {

using CapabilitySets =
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;  // 32 capabilities in each

// The one that stays: a process in the container may run as any user, and SIGTERM has to get
// through to it (kill(2)). It reaches nobody else, for the filter lets us signal through a pidfd
// only, and open none.
constexpr uint32_t kKept = 1U << static_cast<unsigned>(CAP_KILL);

Result<void> set_process_option(int option, unsigned long value, const char* what) {
  if (::prctl(option, value, 0, 0, 0) != 0) {
    return system_error(what);
  }
  return {};
}

// The bounding set only matters for what is executed, which is nothing; without CAP_SETPCAP, hence
// in rootless use, it cannot be changed and need not be.
void empty_bounding_set() {
  unsigned long capability = 0;
  while (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) {
    ++capability;  // until the kernel knows no more of them
  }
}

Result<void> drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  CapabilitySets sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) {
    return system_error("read capabilities");
  }
  empty_bounding_set();
  for (__user_cap_data_struct& set : sets) {
    set = {.effective = 0, .permitted = &set == sets.data() ? set.permitted & kKept : 0};
    set.effective = set.permitted;  // what is inheritable goes, and with it all that is ambient
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0) {
    return system_error("drop capabilities");
  }
  return {};
}

Result<void> forbid_new_privileges() {
  return set_process_option(PR_SET_NO_NEW_PRIVS, 1, "forbid new privileges");
}

// Needs no privilege, because none can be gained any more (seccomp(2)).
Result<void> load_filter() {
  const sock_fprog program{
      .len = kSandboxFilter.size(),
      .filter = const_cast<sock_filter*>(kSandboxFilter.data()),  // the kernel copies
  };
  // Switching off speculation, as some kernels do for whoever has a filter, guards against code of
  // others in the same process. There is none, and it would cost throughput.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) !=
      0) {
    return system_error("load system call filter");
  }
  return {};
}

}  // namespace

Result<void> hide_memory() { return set_process_option(PR_SET_DUMPABLE, 0, "hide memory"); }

Result<void> enter_sandbox() {
  Result<void> outcome;
  for (const auto step : {hide_memory, drop_capabilities, forbid_new_privileges, load_filter}) {
    Result<void> taken = step();
    if (outcome && !taken) {
      outcome = std::move(taken);
    }
  }
  return outcome;
}

}  // namespace chock::shim
