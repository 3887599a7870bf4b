// SPDX-License-Identifier: Apache-2.0
// Runs at build time: writes the C++ header with the system call filter that a sealed shim loads.
// libseccomp compiles it here and not in the shim, which would cost every shim its memory.
//
//   generate_sandbox_filter strict|instrumented > sandbox_filter.h
//
// `strict` is the real one: what is not listed ends the process. A program with a sanitizer or
// coverage in it does as it pleases when it ends (opens files, traces itself), so it gets the
// opposite: all is allowed but what no instrumentation needs.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include <seccomp.h>

#include "common/sys/pidfd.h"
#include "common/sys/unique_fd.h"

namespace {

using Conditions = std::vector<scmp_arg_cmp>;

struct Rule {
  const char* call;
  Conditions conditions;  // all must hold
};

// Arguments that the kernel takes as 32 bits are compared as such; the rest of the register is
// whatever the C library left there.
scmp_arg_cmp equals(unsigned argument, uint64_t value) {
  constexpr uint64_t kLow = 0xFFFFFFFF;
  return {argument, SCMP_CMP_MASKED_EQ, kLow, value & kLow};
}

scmp_arg_cmp has_bit(unsigned argument, uint64_t bit) {
  return {argument, SCMP_CMP_MASKED_EQ, bit, bit};
}

scmp_arg_cmp lacks_bit(unsigned argument, uint64_t bit) {
  return {argument, SCMP_CMP_MASKED_EQ, bit, 0};
}

// Both spellings where C libraries and architectures differ in what they call.
std::vector<Rule> needed() {
  return {
      // The loop.
      {"epoll_wait"},
      {"epoll_pwait"},
      {"epoll_ctl"},
      {"poll"},
      {"ppoll"},
      {"timerfd_create"},
      {"timerfd_settime"},
      {"clock_gettime"},    // normally no system call at all, but some clock sources need one
      {"restart_syscall"},  // poll(2) goes on by it after SIGSTOP and SIGCONT
      {"rt_sigreturn"},
      {"rt_sigprocmask"},
      // Relaying, the control fifo, signals and the log.
      {"read"},
      {"write"},
      {"splice"},
      {"close"},
      {"fcntl", {equals(1, F_GETPIPE_SZ)}},
      {"fcntl", {equals(1, F_SETPIPE_SZ)}},
      {"ioctl", {equals(1, FIONREAD)}},
      {"ioctl", {equals(1, TIOCSWINSZ)}},
      // Reaping, and asking the process to end.
      {"wait4"},
      {"ioctl", {equals(1, chock::sys::pidfd_info_request())}},
      {"pidfd_send_signal", {equals(1, SIGTERM)}},
      {"pidfd_send_signal", {equals(1, SIGKILL)}},
      // The exit record: its files are open already.
      {"pwrite64"},
      {"ftruncate"},
      // Saving what nobody has read.
      {"pipe2"},
      {"tee"},
      {"renameat"},
      {"renameat2"},
      {"unlinkat"},
      // Memory, none of it executable.
      {"brk"},
      {"mmap", {has_bit(3, MAP_ANONYMOUS), lacks_bit(2, PROT_EXEC)}},
      {"mremap"},
      {"munmap"},
      {"madvise"},
      // The end.
      {"exit_group"},
  };
}

std::vector<Rule> harmful_in_any_case() {
  return {{"execve"}, {"execveat"}, {"socket"},      {"mount"},        {"setns"},
          {"bpf"},    {"unshare"},  {"init_module"}, {"finit_module"}, {"pidfd_open"}};
}

[[noreturn]] void give_up(const char* what, int code) {
  fprintf(stderr, "generate_sandbox_filter: %s: %s\n", what, strerror(code));
  exit(EXIT_FAILURE);
}

void check(const char* what, int result) {
  if (result < 0) {
    give_up(what, -result);
  }
}

struct Policy {
  uint32_t otherwise;
  uint32_t listed;
  std::vector<Rule> rules;
};

Policy policy(bool instrumented) {
  if (instrumented) {
    return {SCMP_ACT_ALLOW, SCMP_ACT_KILL_PROCESS, harmful_in_any_case()};
  }
  return {SCMP_ACT_KILL_PROCESS, SCMP_ACT_ALLOW, needed()};
}

void add(scmp_filter_ctx context, uint32_t action, const Rule& rule) {
  const int number = seccomp_syscall_resolve_name(rule.call);
  if (number == __NR_SCMP_ERROR) {
    give_up(rule.call, EINVAL);
  }
  if (number < 0) {
    return;  // known to libseccomp, but not a call of this architecture
  }
  check(rule.call, seccomp_rule_add_array(context, action, number,
                                          static_cast<unsigned>(rule.conditions.size()),
                                          rule.conditions.data()));
}

// Calls by the numbers of another architecture (i386 and x32 on x86-64) end the process as well;
// libseccomp checks that first.
std::vector<sock_filter> compile(const Policy& policy) {
  const scmp_filter_ctx context = seccomp_init(policy.otherwise);
  if (context == nullptr) {
    give_up("seccomp_init", EINVAL);
  }
  check("bad architecture",
        seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
  // A binary search instead of going through the list.
  check("optimise", seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2));
  for (const Rule& rule : policy.rules) {
    add(context, policy.listed, rule);
  }
  const chock::sys::UniqueFd memory(::memfd_create("filter", MFD_CLOEXEC));
  if (!memory.valid()) {
    give_up("memfd", errno);
  }
  check("export", seccomp_export_bpf(context, memory.get()));
  seccomp_release(context);
  constexpr size_t kLimit = 65536;
  check("rewind", ::lseek(memory.get(), 0, SEEK_SET) == 0 ? 0 : -errno);
  const auto bytes = chock::sys::read_all(memory.get(), kLimit, "filter");
  if (!bytes) {
    give_up("read filter", bytes.error().code);
  }
  std::vector<sock_filter> filter(bytes->size() / sizeof(sock_filter));
  memcpy(filter.data(), bytes->data(), filter.size() * sizeof(sock_filter));
  return filter;
}

void print(const std::vector<sock_filter>& filter, bool instrumented) {
  printf(
      "// Made by generate_sandbox_filter.\n#pragma once\n\n#include <linux/filter.h>\n\n"
      "#include <array>\n\nnamespace chock::shim {\n\n"
      "inline constexpr bool kSandboxInstrumented = %s;\n"
      "inline constexpr std::array<sock_filter, %zu> kSandboxFilter = {{\n",
      instrumented ? "true" : "false", filter.size());
  for (const sock_filter& step : filter) {
    printf("    {0x%04x, %u, %u, 0x%08x},\n", step.code, step.jt, step.jf, step.k);
  }
  printf("}};\n\n}  // namespace chock::shim\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind != "strict" && kind != "instrumented") {
    give_up("strict or instrumented", EINVAL);
  }
  const bool instrumented = kind == "instrumented";
  print(compile(policy(instrumented)), instrumented);
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
