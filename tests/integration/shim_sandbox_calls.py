# SPDX-License-Identifier: Apache-2.0
"""The shim's system call filter, tried call by call from inside (tests/support/sandboxed_call.cc).
"""

import os
import platform
import signal
import subprocess
import sys

from harness import Case, main

# What the shim's own work needs.
_ALLOWED = (
    "fcntl_getpipe_sz", "ioctl_tiocswinsz", "mmap_memory", "clock_gettime",
    "pidfd_send_signal_term",
)
# Refused by any filter, also the lenient one of a build with a sanitizer or coverage in it.
_REFUSED = ("execve", "execveat", "socket", "mount", "setns", "unshare", "bpf", "init_module",
            "finit_module", "pidfd_open")
# Refused by the one that ships.
_REFUSED_STRICTLY = (
    "openat", "openat2", "socketpair", "connect", "sendmsg", "recvmsg", "clone", "clone3",
    "ptrace", "process_vm_readv", "process_vm_writev", "kill", "tgkill", "pidfd_getfd",
    "pidfd_send_signal_0", "chroot", "io_uring_setup", "prctl", "capset", "setuid", "chmod",
    "linkat", "inotify_add_watch", "dup", "fcntl_dupfd", "ioctl_tiocsti", "mprotect_exec",
    "mmap_exec", "mmap_file",
)
_REFUSED_STRICTLY_X86 = ("open", "creat", "fork", "vfork")
# By the numbers of an architecture that is not the program's own.
_FOREIGN_X86 = ("getpid_of_x32", "getpid_of_i386")


class Calls(Case):

    programs = ("sandboxed_call",)

    def call(self, name):
        """The exit status; negative if a signal has ended it."""
        program = os.path.join(os.environ["CHOCK_BUILD_DIR"], "sandboxed_call")
        return subprocess.run([program, name], capture_output=True, text=True, check=False)

    def kind(self):
        return self.call("--kind").stdout.strip()

    def assert_refused(self, names):
        for name in names:
            with self.subTest(name):
                self.assertEqual(self.call(name).returncode, -signal.SIGSYS)

    def test_allowed(self):
        for name in _ALLOWED:
            with self.subTest(name):
                result = self.call(name)
                self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_refused(self):
        self.assert_refused(_REFUSED)

    def test_refused_strictly(self):
        if self.kind() == "instrumented":
            return  # sanitizers and coverage make these calls themselves
        self.assertEqual(self.kind(), "strict")
        self.assert_refused(_REFUSED_STRICTLY)

    def test_x86(self):
        if platform.machine() != "x86_64":
            return
        self.assert_refused(_FOREIGN_X86)
        if self.kind() == "strict":
            self.assert_refused(_REFUSED_STRICTLY_X86)


if __name__ == "__main__":
    sys.exit(main())
