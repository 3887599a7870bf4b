# SPDX-License-Identifier: Apache-2.0
"""When the first process ends, and what it leaves behind: the status is true whatever the moment,
and no zombie stays."""

import json
import os
import select
import sys

from harness import Deadline, main
from harness.process import wait_pidfd
from harness.shim_case import ShimCase, Stdio, collect

_UNREAD = 100_000  # more than a FIFO holds, less than FIFO and pipe together


class EndOfInit(ShimCase):

    def spawned_with(self, script):
        container = self.container(self.space.bundle("x"), **self.fake_runtime({"create": script}))
        return container, self.spawned(container)

    def open_gate(self, path):
        os.close(os.open(path, os.O_WRONLY))

    def test_before_the_pid_file(self):
        gate = self.space.fifo("gate")
        container, process = self.spawned_with({"init_exit": 7, "pid_wait": gate})
        self.open_gate(gate)
        process.await_pid()
        self.assertEqual(self.finish(container), 7)

    def test_between_the_pid_file_and_the_end_of_create(self):
        """`pid` does not appear before create has succeeded, dead or alive."""
        gate = self.space.fifo("gate")
        container, process = self.spawned_with({"init_exit": 8, "linger": gate})
        self.open_gate(gate)
        process.await_pid()
        self.assertEqual(self.finish(container), 8)

    def test_create_fails_after_the_pid_file(self):
        """Then there never was a process, and its status is nobody's (R-9)."""
        container, process = self.spawned_with({"init_exit": 9, "signal": 9})
        self.assertEqual(process.shim.wait(30), 0)
        process.close()
        self.assertFalse((process.directory / "pid").exists())
        self.assertFalse((process.directory / "exitStatus").exists())
        container.remove()

    def test_long_after_its_output(self):
        """The streams have ended already, so there is nothing left to wait for."""
        out, go_on = self.output(), self.space.fifo("go-on")
        container = self.launched(
            self.space.bundle("x"), Stdio(stdout=out.path), start=False,
            **self.quick_runtime(f"echo last; exec > /dev/null 2>&1; read x < {go_on}; exit 4"))
        out.read_until(b"last\n")
        self.open_gate(go_on)
        self.assertEqual(self.finish(container, [out]), 4)

    def test_before_its_children(self):
        """They have its stdout: the status comes at once, the hang-up when they end, and no byte
        of theirs is missing."""
        out, gate = self.output(), self.space.fifo("gate")
        container = self.launched(
            self.space.bundle("x"), Stdio(stdout=out.path), start=False,
            **self.quick_runtime(f"(read x < {gate}; head -c 200000 /dev/zero) & exit 5"))
        self.await_status(container.init, "5")
        record = json.loads((container.init.directory / "exit.json").read_text())
        self.assertNotIn("drainedAt", record)
        self.open_gate(gate)
        self.assertEqual(self.finish(container, [out]), 5)
        self.assertEqual(len(out.data), 200_000)


class Orphans(ShimCase):

    def wait_reaped(self, pids):
        """Of a process that somebody has waited for there is no trace left."""
        deadline = Deadline(what="orphans to be reaped")
        for pid in pids:
            wait_pidfd(pid, deadline)
            while os.path.exists(f"/proc/{pid}"):
                self.assertGreater(deadline.remaining, 0)
                os.sched_yield()

    def test_while_running(self):
        """Two hundred of them, at once."""
        out, go_on = self.output(), self.space.fifo("go-on")
        init = ("for i in $(seq 200); do (sh -c 'echo $$' & ); done; echo all;"
                f" read x < {go_on}; exit 3")
        container = self.launched(self.space.bundle("x"), Stdio(stdout=out.path), start=False,
                                  **self.quick_runtime(init))
        while out.data.count(b"\n") < 201:
            collect([out], once=True)
        self.wait_reaped(int(pid) for pid in out.data.split() if pid.isdigit())
        os.close(os.open(go_on, os.O_WRONLY))
        self.assertEqual(self.finish(container, [out]), 3)

    def test_while_draining(self):
        """Output that nobody reads holds up the end, but not the orphans'."""
        out, err, gate = self.output(), self.output(), self.space.fifo("gate")
        init = (f"sh -c 'echo $$ >&2; exec >&- 2>&-; read x < {gate}' & "
                f"exec head -c {_UNREAD} /dev/zero")
        container = self.launched(self.space.bundle("x"), Stdio("/dev/null", out.path, err.path),
                                  start=False, **self.quick_runtime(init))
        orphan = int(err.read_until(b"\n"))
        self.await_status(container.init, "0")
        os.close(os.open(gate, os.O_WRONLY))
        self.wait_reaped([orphan])
        poller = select.poll()
        poller.register(container.init._exit_fd, 0)
        self.assertEqual(poller.poll(0), [])
        self.assertEqual(self.finish(container, [out, err]), 0)
        self.assertEqual(len(out.data), _UNREAD)

    def test_while_deleting(self):
        """A slow `delete` is no reason for zombies either."""
        here, gate, orphan_gate = (self.space.fifo(name) for name in ("here", "gate", "orphan"))
        out = self.output()
        script = {"create": {"init": ["sh", "-c", "sh -c 'echo $$; exec >&- 2>&-; read x < "
                                      f"{orphan_gate}' & exit 6"]},
                  "delete": {"notify": here, "wait": gate}}
        container = self.launched(self.space.bundle("x"), Stdio(stdout=out.path), start=False,
                                  **self.fake_runtime(script))
        orphan = int(out.read_until(b"\n"))
        os.close(os.open(here, os.O_RDONLY))
        os.close(os.open(orphan_gate, os.O_WRONLY))
        self.wait_reaped([orphan])
        self.set_fake_script({})  # for the driver's own delete
        os.close(os.open(gate, os.O_WRONLY))
        self.assertEqual(self.finish(container, [out]), 6)


if __name__ == "__main__":
    sys.exit(main())
