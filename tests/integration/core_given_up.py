# SPDX-License-Identifier: Apache-2.0
"""A launch that is given up while the runtime is still at work, with a hook or a helper in it: what
the runtime has forked goes as well, whoever it is that gives up, and for whatever reason."""

import os
import sys

from harness import main, snapshot
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.process import DEADLINE, Deadline, read_line, wait_pidfd
from harness.supervise import CallError

_TIMEOUT = "containerd: container did not start before the specified timeout"
_CANCELED = "context canceled"


class GivenUp(CoreCase):

    def setUp(self):
        super().setUp()
        self.said = self.space.fifo("said")
        # It has a child, says which, and waits for it.
        self.hang = f"sleep 1001 & echo $$ $! > {self.said}; wait"

    def hanging_bundle(self):
        bundle = self.space.shell("exec sleep 1000")
        bundle.config["hooks"] = {
            "createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", self.hang]}]}
        return bundle.write().path

    def hang_in_exec(self):
        path = self.space.file("runtime", (f'#!/bin/sh\ncase " $* " in\n*" exec "*) {self.hang};;\n'
                                           f'esac\nexec {self.runtime.path} "$@"\n').encode())
        os.chmod(path, 0o755)
        self.settings["runtime"] = path

    def begin(self, supervisor, method, **params):
        """The call, and the pids of what it hangs in."""
        fd = os.open(self.said, os.O_RDWR)
        try:
            number = supervisor.send(method, id=self.id, **params)
            return number, [int(word) for word in
                            read_line(fd, Deadline(what="what hangs")).split()]
        finally:
            os.close(fd)

    def assert_gone(self, pids):
        for pid in pids:
            wait_pidfd(pid, Deadline(DEADLINE, "what hangs to die"))

    def finish(self, supervisor):
        supervisor.end()
        self.assert_nothing_left()

    def give_up(self, reason, method, **params):
        supervisor = self.supervisor()
        if method == "exec":
            supervisor.call("start", id=self.id, bundle=self.bundle())
        if reason == _TIMEOUT:
            params["timeout"] = 5000  # until then it must have come to where it hangs
        number, pids = self.begin(supervisor, method, **params)
        if reason == _CANCELED:
            supervisor.gone(number)
        with self.assertRaises(CallError) as caught:
            supervisor.result(number)
        self.assertEqual(caught.exception.detail, reason)
        self.assert_gone(pids)
        return supervisor

    @parametrised({"timeout": (_TIMEOUT,), "canceled": (_CANCELED,)})
    def test_start(self, reason):
        supervisor = self.give_up(reason, "start", bundle=self.hanging_bundle())
        self.assertEqual(self.history(), [])
        self.finish(supervisor)

    @parametrised({"timeout": (_TIMEOUT,), "canceled": (_CANCELED,)})
    def test_exec(self, reason):
        self.hang_in_exec()
        supervisor = self.give_up(reason, "exec", args=["/bin/true"])
        state = supervisor.call("state", id=self.id)
        self.assertEqual((state["status"], len(state["processes"])), ("running", 1))
        supervisor.call("delete", id=self.id, force=True)
        self.finish(supervisor)

    def test_shim_killed(self):
        """The runtime dies with its shim; its hooks do not, by themselves."""
        supervisor = self.supervisor()
        number, pids = self.begin(supervisor, "start", bundle=self.hanging_bundle())
        self.assertEqual(self.kill_shims(), 1)
        with self.assertRaises(CallError):
            supervisor.result(number)
        self.assert_gone(pids)
        self.finish(supervisor)
        snapshot.settle(self.space, 5)  # the child of a runtime that was killed ends on its own
        # Who has killed the shim has killed the only one who could tell where they are: a runtime
        # that has not written down yet what it makes cannot delete it afterwards.
        self.space.remove_cgroups()

    def test_by_the_next_supervisor(self):
        """It has found the shim, which is no child of its own."""
        supervisor = self.supervisor()
        _, pids = self.begin(supervisor, "start", bundle=self.hanging_bundle())
        supervisor.kill()
        supervisor = self.supervisor("adopt")
        self.await_gone(supervisor)
        self.assert_gone(pids)
        self.assertEqual(self.history(), [])
        self.finish(supervisor)


if __name__ == "__main__":
    sys.exit(main())
