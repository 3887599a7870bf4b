# SPDX-License-Identifier: Apache-2.0
"""Somebody writes into `exit`, where nothing belongs: it is neither an exit nor a reason to go on
turning round. Only a hang-up counts, and it is still seen when the process ends."""

import os
import select
import signal
import sys
import time

from harness import main
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.process import Deadline

_REST_SECONDS = 1.0
_BUSY = 0.2  # of that time on a processor: far more than it takes, far less than turning round

_DATA = {"byte": b"0", "status": b"137\n", "full": b"x" * (64 << 10)}


def _processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
        fields = source.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


class ExitFifo(CoreCase):

    def setUp(self):
        super().setUp()
        self.use_quick_runtime()

    def write(self, data, process="init", times=1):
        """Returns when the FIFO has taken all of it."""
        path = self.directory / process / "exit"
        deadline = Deadline(what=f"{path} to take it")
        for _ in range(times):
            fd = os.open(path, os.O_WRONLY)
            try:
                left = data
                while left:
                    left = left[os.write(fd, left):]
                    self.assertGreater(deadline.remaining, 0)
            finally:
                os.close(fd)

    def start(self, supervisor):
        supervisor.call("start", id=self.id, bundle=self.bundle())
        supervisor.call("exec", id=self.id, process="e", args=["x"])

    def assert_nothing_happened(self, supervisor):
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        begin, spent = time.monotonic(), _processor_seconds(supervisor.pid)
        select.select([], [], [], _REST_SECONDS)
        share = (_processor_seconds(supervisor.pid) - spent) / (time.monotonic() - begin)
        self.assertLess(share, _BUSY, "it does not rest")
        state = supervisor.call("state", id=self.id)
        self.assertEqual([process["status"] for process in state["processes"]],
                         ["running", "running"])
        self.assertEqual([event for event in self.history() if event[0] == "exit"], [])

    def finish(self, supervisor):
        self.end_exec()
        supervisor.wait_event("exit", self.id, "e")
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        self.assertEqual([event for event in self.history() if event[0] == "exit"],
                         [("exit", "e", 4), ("exit", "init", 3)])
        supervisor.end()
        self.assert_invariants(self.history())
        self.assert_nothing_left()

    @parametrised({name: (data,) for name, data in _DATA.items()})
    def test_of_our_own_shims(self, data):
        supervisor = self.supervisor()
        self.start(supervisor)
        for process in ("init", "e"):
            self.write(data, process)
        self.assert_nothing_happened(supervisor)
        self.finish(supervisor)

    @parametrised({name: (data,) for name, data in _DATA.items()})
    def test_of_adopted_ones(self, data):
        supervisor = self.supervisor()
        self.start(supervisor)
        supervisor.kill()
        supervisor = self.supervisor("adopt")
        for process in ("init", "e"):
            self.write(data, process)
        self.assert_nothing_happened(supervisor)
        self.finish(supervisor)

    @parametrised({name: (data,) for name, data in _DATA.items()})
    def test_before_adoption(self, data):
        """It waits in the FIFO, as long as anybody has that open."""
        supervisor = self.supervisor()
        self.start(supervisor)
        supervisor.kill()
        for process in ("init", "e"):
            reader = os.open(self.directory / process / "exit", os.O_RDONLY | os.O_NONBLOCK)
            self.write(data, process)
            os.close(reader)
        supervisor = self.supervisor("adopt")
        self.assertEqual(supervisor.adopted, {"adopted": 1, "broken": 0})
        self.assert_nothing_happened(supervisor)
        self.finish(supervisor)

    def test_again_and_again(self):
        """Each time somebody else, who hangs up, while the shim does not."""
        supervisor = self.supervisor()
        self.start(supervisor)
        for process in ("init", "e"):
            self.write(b"1\n", process, times=1000)
        self.assert_nothing_happened(supervisor)
        self.finish(supervisor)

    def test_last_words(self):
        """Data and the hang-up come together; the supervisor is held until both are there."""
        supervisor = self.supervisor()
        self.start(supervisor)
        self.end_exec()
        supervisor.wait_event("exit", self.id, "e")
        supervisor.signal(signal.SIGSTOP)
        self.await_stopped(supervisor)
        self.write(b"0\n")
        self.end_init()
        self.await_no_shims()
        supervisor.signal(signal.SIGCONT)
        supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(self.history()[-1], ("exit", "init", 3))
        supervisor.end()
        self.assert_nothing_left()

    def await_no_shims(self):
        deadline = Deadline(what="the shim to end")
        while self.shims():
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()


if __name__ == "__main__":
    sys.exit(main())
