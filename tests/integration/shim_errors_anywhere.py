# SPDX-License-Identifier: Apache-2.0
"""System calls that fail, one after the other in a shim's life: it survives, or it says why it could
not, and it never lies, hangs or dies of it."""

import sys

from harness import main, parametrised, strace
from harness.fault_case import FaultCase

# What can fail how, as their manual pages have it. (close, which frees the descriptor whatever it
# returns, is not among them: strace would keep it from doing so.)
_FAILURES = {
    "ENOSPC": ("openat", "write", "pwrite64", "ftruncate", "renameat"),
    "EIO": ("openat", "newfstatat", "fstat", "read", "write", "pwrite64", "ftruncate", "renameat",
            "unlinkat", "splice", "getcwd"),
    "EMFILE": ("openat", "epoll_create1", "pipe2", "fcntl", "signalfd4", "timerfd_create",
               "pidfd_open"),
    "EAGAIN": ("vfork",),
    "ENOMEM": ("vfork", "poll", "pipe2"),
    "EINTR": ("openat", "read", "write", "splice", "poll", "epoll_wait", "wait4", "flock"),
}


class ErrorsAnywhere(FaultCase):

    @parametrised({error: (error, names) for error, names in _FAILURES.items()})
    def test(self, error, names):
        """One call fails, all others work."""
        self.sweep(error, names, self.baseline())

    def test_ENOSPC_of_epoll(self):
        """There is a limit to what a user may watch. Only what comes before the first wait takes
        anything up; later calls change or end it, which cannot fail."""
        early = self.baseline(before="epoll_wait", only={"epoll_ctl": "EPOLL_CTL_ADD"})
        self.sweep("ENOSPC", ("epoll_ctl",), early)

    def sweep(self, error, names, calls):
        faults = {f"{name} {number}": strace.fail_at(name, number, error)
                  for name in names for number in calls.get(name, ())}
        self.assertTrue(faults)
        for fault, container in self.lives(faults):
            with self.subTest(fault):
                self.assert_truth(container.init)
            container.remove()


if __name__ == "__main__":
    sys.exit(main())
