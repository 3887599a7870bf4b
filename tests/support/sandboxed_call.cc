// SPDX-License-Identifier: Apache-2.0
// sandboxed_call NAME: enters the shim's sandbox, makes the system call NAME and exits with 0 if
// that did not end the process; 3 if it knows no such NAME.
// `sandboxed_call --kind` tells which filter was built in: strict or instrumented.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "shim/sandbox.h"
#include "shim/sandbox_filter.h"

namespace {

constexpr int kUnknown = 3;

struct Call {
  std::string_view name;
  long number;
  std::array<unsigned long, 6> arguments = {};
};

// 64 bits of whatever a system call expects there.
unsigned long raw(const void* pointer) { return reinterpret_cast<unsigned long>(pointer); }
unsigned long raw(int value) { return static_cast<unsigned long>(value); }

constexpr size_t kPage = 4096;
constexpr std::array<char*, 1> kNobody = {nullptr};

const std::array kCalls = {
    Call{"openat", SYS_openat, {raw(AT_FDCWD), raw("/dev/null"), O_RDONLY}},
    Call{"openat2", SYS_openat2},
    Call{"socket", SYS_socket, {AF_UNIX, SOCK_STREAM}},
    Call{"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM}},
    Call{"connect", SYS_connect},
    Call{"sendmsg", SYS_sendmsg},
    Call{"recvmsg", SYS_recvmsg},
    Call{"execve", SYS_execve, {raw("/bin/true"), raw(kNobody.data()), raw(kNobody.data())}},
    Call{"execveat", SYS_execveat, {raw(AT_FDCWD), raw("/bin/true"), raw(kNobody.data())}},
    Call{"clone", SYS_clone, {raw(SIGCHLD)}},
    Call{"clone3", SYS_clone3},
    Call{"ptrace", SYS_ptrace, {PTRACE_TRACEME}},
    Call{"process_vm_readv", SYS_process_vm_readv},
    Call{"process_vm_writev", SYS_process_vm_writev},
    Call{"kill", SYS_kill, {0, 0}},
    Call{"tgkill", SYS_tgkill},
    Call{"pidfd_open", SYS_pidfd_open, {1}},
    Call{"pidfd_getfd", SYS_pidfd_getfd},
    Call{"pidfd_send_signal_0", SYS_pidfd_send_signal, {raw(-1), 0}},
    Call{"pidfd_send_signal_term", SYS_pidfd_send_signal, {raw(-1), SIGTERM}},
    Call{"mount", SYS_mount},
    Call{"unshare", SYS_unshare},
    Call{"setns", SYS_setns, {raw(-1)}},
    Call{"chroot", SYS_chroot},
    Call{"bpf", SYS_bpf},
    Call{"init_module", SYS_init_module},
    Call{"finit_module", SYS_finit_module},
    Call{"io_uring_setup", SYS_io_uring_setup},
    Call{"prctl", SYS_prctl, {PR_GET_DUMPABLE}},
    Call{"capset", SYS_capset},
    Call{"setuid", SYS_setuid},
    Call{"chmod", SYS_fchmodat},
    Call{"linkat", SYS_linkat},
    Call{"inotify_add_watch", SYS_inotify_add_watch, {raw(-1)}},
    Call{"dup", SYS_dup, {raw(-1)}},
    Call{"fcntl_dupfd", SYS_fcntl, {raw(-1), F_DUPFD}},
    Call{"fcntl_getpipe_sz", SYS_fcntl, {raw(-1), F_GETPIPE_SZ}},
    Call{"ioctl_tiocsti", SYS_ioctl, {raw(-1), TIOCSTI}},
    Call{"ioctl_tiocswinsz", SYS_ioctl, {raw(-1), TIOCSWINSZ}},
    Call{"mprotect_exec", SYS_mprotect, {0, kPage, PROT_READ | PROT_EXEC}},
    Call{"mmap_exec",
         SYS_mmap,
         {0, kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, raw(-1)}},
    Call{"mmap_file", SYS_mmap, {0, kPage, PROT_READ, MAP_PRIVATE, raw(-1)}},
    Call{"mmap_memory",
         SYS_mmap,
         {0, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, raw(-1)}},
    Call{"clock_gettime", SYS_clock_gettime},
#ifdef __x86_64__
    Call{"open", SYS_open, {raw("/dev/null"), O_RDONLY}},
    Call{"creat", SYS_creat},
    Call{"fork", SYS_fork},
    Call{"vfork", SYS_vfork},
    Call{"getpid_of_x32", 0x40000000 | SYS_getpid},
#endif
};

#ifdef __x86_64__
// getpid by i386's number and gate; a 64-bit process gets at these as easily as at its own.
void call_i386() {
  constexpr long kGetpid = 20;
  long result = kGetpid;
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
}
#else
void call_i386() {}
#endif

int make(std::string_view name) {
  if (name == "getpid_of_i386") {
    call_i386();
    return 0;
  }
  for (const Call& call : kCalls) {
    if (call.name == name) {
      const auto& a = call.arguments;
      ::syscall(call.number, a[0], a[1], a[2], a[3], a[4], a[5]);
      return 0;
    }
  }
  return kUnknown;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc == 2 ? argv[1] : "";
  if (name == "--kind") {
    puts(chock::shim::kSandboxInstrumented ? "instrumented" : "strict");
    return 0;
  }
  if (const auto entered = chock::shim::enter_sandbox(); !entered) {
    fprintf(stderr, "sandboxed_call: %s\n", entered.error().message().c_str());
    return 1;
  }
  const int result = make(name);
  ::_exit(result);
}
