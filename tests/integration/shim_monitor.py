# SPDX-License-Identifier: Apache-2.0
"""A runtime that leaves a monitor of its own between the shim and the process, so that no SIGCHLD
of the process comes to the shim (R-10d)."""

import os
import signal
import sys

from harness import main
from harness.process import Deadline, await_state, kernel_tells_strangers, wait_pidfd
from harness.shim_case import ShimCase, Stdio


class Monitored(ShimCase):

    def monitored(self, script, stdio=Stdio(), **extra):
        runtime = self.fake_runtime({"create": {"monitor": True, "init": ["/bin/sh", "-c", script]}})
        return self.launched(self.space.bundle("x"), stdio, extra=extra, **runtime)

    def assert_seen(self, sealed):
        """The status is there once the monitor has waited for the process; the output is whole."""
        gate, out = self.space.fifo("gate"), self.output()
        container = self.monitored(f"echo up; read x < {gate}; echo down; exit 7",
                                   Stdio(stdout=out.path), sealed=sealed)
        out.read_until(b"up")
        with open(gate, "wb"):
            pass
        self.assertEqual(self.finish(container, [out]), 7 if kernel_tells_strangers() else 255)
        self.assertEqual(out.data, b"up\ndown\n")

    def test_exit(self):
        self.assert_seen(sealed=False)

    def test_exit_when_sealed(self):
        self.assert_seen(sealed=True)

    def test_monitor_dies_first(self):
        """Then the process is the shim's own child after all."""
        gate, out = self.space.fifo("gate"), self.output()
        container = self.monitored(f"echo $PPID; read x < {gate}; exit 8", Stdio(stdout=out.path))
        monitor = int(out.read_until(b"\n"))
        os.kill(monitor, signal.SIGKILL)
        wait_pidfd(monitor, Deadline(what="the monitor to die"))  # or it would wait for its child first
        with open(gate, "wb"):
            pass
        self.assertEqual(self.finish(container, [out]), 8)

    def test_monitor_never_waits(self):
        """A status that nobody can learn is unknown, and reported so in bounded time."""
        out = self.output()
        container = self.monitored("echo $PPID; exec sleep 1000", Stdio(stdout=out.path))
        monitor = int(out.read_until(b"\n"))
        os.kill(monitor, signal.SIGSTOP)
        await_state(monitor, "T")  # a wait that is under way would still take a child that ends
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 255)
        os.kill(monitor, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
