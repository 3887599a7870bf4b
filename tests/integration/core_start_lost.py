# SPDX-License-Identifier: Apache-2.0
"""A shim that ends while the runtime's `start` is still at work, with a hook in it, say: the start
is answered, in the contract's words, and of the container, of `start` and of its children nothing
is left (D53)."""

import os
import signal
import subprocess
import sys

from harness import main
from harness.core_case import CoreCase
from harness.process import DEADLINE, Deadline, read_line, wait_pidfd
from harness.supervise import CallError

_TEXT = "containerd: shim exited before container process was started"
_MORE_THAN_AT_A_TIME = 12


class StartLost(CoreCase):

    programs = ("chock-shim", "supervise", "supervise_failpoints")

    def setUp(self):
        super().setUp()
        self.use_quick_runtime()
        self.quick = self.settings["runtime"]
        self.starting = self.space.fifo("starting")
        self.gate = self.space.fifo("gate")

    def instead(self, **scripts):
        """The quick runtime, with a piece of shell before each of these verbs."""
        cases = "".join(f'*" {verb} "*) {script} ;;\n' for verb, script in scripts.items())
        path = self.space.file("runtime", (f'#!/bin/sh\ncase " $* " in\n{cases}esac\n'
                                           f'exec {self.quick} "$@"\n').encode())
        os.chmod(path, 0o755)
        self.settings["runtime"] = path

    def hang_in_start(self):
        """`start` has a child, says which, and waits."""
        self.instead(start=f"sleep 1001 & echo $$ $! > {self.starting}; read x < {self.gate}")

    def begin(self, supervisor):
        """The call, and the pids of `start` and of its child."""
        fd = os.open(self.starting, os.O_RDWR)
        try:
            number = supervisor.send("start", id=self.id, bundle=self.bundle())
            return number, map(int, read_line(fd, Deadline(what="the start")).split())
        finally:
            os.close(fd)

    def assert_refused(self, supervisor, number):
        with self.assertRaises(CallError) as caught:
            supervisor.result(number)
        self.assertEqual(caught.exception.detail, _TEXT)

    def finish(self, supervisor):
        self.assertEqual(self.history(), [])
        supervisor.end()
        self.assert_nothing_left()

    def test_killed(self):
        self.hang_in_start()
        supervisor = self.supervisor()
        number, pids = self.begin(supervisor)
        self.assertEqual(self.kill_shims(), 1)
        self.assert_refused(supervisor, number)
        for pid in pids:
            wait_pidfd(pid, Deadline(DEADLINE, "start and its child to die"))
        self.finish(supervisor)

    def test_more_often_than_starts_at_a_time(self):
        """None of them costs a place for ever."""
        self.hang_in_start()
        supervisor = self.supervisor()
        for _ in range(_MORE_THAN_AT_A_TIME):
            number, _ = self.begin(supervisor)
            self.kill_shims()
            self.assert_refused(supervisor, number)
        self.finish(supervisor)

    def test_with_the_init(self):
        """A process that dies before its start has an end; its shim saw it, so it has not failed,
        and it is the runtime that says what is wrong."""
        self.hang_in_start()
        supervisor = self.supervisor()
        number, (_, child) = self.begin(supervisor)
        shim, = self.shims()
        with open(self.directory / "init/pid", encoding="utf-8") as pid:
            os.kill(int(pid.read()), signal.SIGKILL)
        wait_pidfd(shim, Deadline(DEADLINE, "the shim to end"))
        os.close(os.open(self.gate, os.O_WRONLY))
        with self.assertRaises(CallError) as caught:
            supervisor.result(number)
        self.assertIn("oci runtime error: ", caught.exception.detail)
        os.kill(child, signal.SIGKILL)
        self.finish(supervisor)

    def test_that_cannot_be_undone(self):
        """Its process is ended all the same; what the runtime says of both is the answer (R-49)."""
        self.instead(start="echo bad start >&2; exit 1", delete="echo no delete >&2; exit 1")
        supervisor = self.supervisor()
        with self.assertRaises(CallError) as caught:
            supervisor.call("start", id=self.id, bundle=self.bundle())
        self.assertEqual(caught.exception.detail, "oci runtime error: bad start; not undone: "
                         f"delete {self.id}: oci runtime error: no delete")
        self.assertEqual(self.shims(), [])
        subprocess.run([self.quick, "delete", self.id], check=True, env=self.settings["env"])
        self.finish(supervisor)

    def test_whose_file_is_damaged_meanwhile(self):
        """Once its process runs, nothing is read any more that could fail: it would go on without
        anybody to watch it."""
        supervisor = self.supervisor(program="supervise_failpoints")
        supervisor.failpoint("started=stop")
        number = supervisor.send("start", id=self.id, bundle=self.bundle())
        self.await_stopped(supervisor)
        (self.directory / "init/process.json").write_text("{", encoding="utf-8")
        supervisor.signal(signal.SIGCONT)
        self.assertEqual(supervisor.result(number)["process"], "init")
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(self.history(), [("start-container", "", 0), ("exit", "init", 3)])
        supervisor.end()
        self.assert_nothing_left()


if __name__ == "__main__":
    sys.exit(main())
