# SPDX-License-Identifier: Apache-2.0
"""A container whose bundle has gone while nobody looked after it. What runs has no need of that
directory any more, and that it cannot be found (moved, not mounted yet) is no reason to kill
anybody: it can be told, signalled, frozen and deleted as before, and its end has its status. Only
an exec takes its settings from there, and is refused."""

import os
import shutil
import signal
import sys

from harness import main
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.process import DEADLINE, Deadline, await_handler, wait_pidfd
from harness.supervise import CallError

_SCRIPT = "trap 'exit 6' TERM; while :; do sleep 1000 & wait; done"


def _moved(bundle):
    os.rename(bundle, bundle + ".moved")


def _emptied(bundle):
    for name in os.listdir(bundle):
        os.unlink(os.path.join(bundle, name))


def _replaced(bundle):
    shutil.rmtree(bundle)
    os.mkfifo(bundle)


_LOSSES = {"removed": (shutil.rmtree,), "moved": (_moved,), "emptied": (_emptied,),
           "replaced": (_replaced,)}


class LostBundle(CoreCase):

    def leave(self, lose=shutil.rmtree, between=lambda pid: None):
        """A container without a supervisor and then without a bundle; its init's pid."""
        bundle = self.space.shell(_SCRIPT).path
        supervisor = self.supervisor()
        pid = supervisor.call("start", id=self.id, bundle=bundle, labels=["a=b"])["pid"]
        await_handler(pid, signal.SIGTERM)
        supervisor.kill()
        lose(bundle)
        between(pid)
        return pid

    def adopt(self):
        supervisor = self.supervisor("adopt")
        self.assertEqual(supervisor.adopted, {"adopted": 1, "broken": 0})
        return supervisor

    def finish(self, supervisor, *exits):
        supervisor.wait_event("exit", self.id, "init")
        self.assertEqual([event[1:] for event in self.history() if event[0] == "exit"],
                         list(exits))
        supervisor.end()
        self.assert_invariants(self.history())
        self.assert_nothing_left()

    @parametrised(_LOSSES)
    def test_running_stays_managed(self, lose):
        pid = self.leave(lose)
        supervisor = self.adopt()
        state = supervisor.call("state", id=self.id)
        self.assertEqual((state["status"], state["labels"], state["processes"][0]["pid"]),
                         ("running", ["a=b"], pid))
        with self.assertRaises(CallError) as caught:
            supervisor.call("exec", id=self.id, process="e", args=["x"])
        self.assertRegex(str(caught.exception), r"^open \S+/config\.json: [\w ]+$")
        self.assertFalse((self.directory / "e").exists())
        supervisor.call("pause", id=self.id)
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "paused")
        supervisor.call("resume", id=self.id)
        supervisor.call("kill", id=self.id, signal=int(signal.SIGTERM))
        self.finish(supervisor, ("init", 6))

    def test_comes_back(self):
        """A disk that is mounted too late: nothing has to be started again."""
        pid = self.leave(_moved)
        supervisor = self.adopt()
        bundle = supervisor.call("state", id=self.id)["bundle"]
        os.rename(bundle + ".moved", bundle)
        supervisor.call("exec", id=self.id, process="e", args=["/bin/sh", "-c", "exit 5"])
        supervisor.wait_event("exit", self.id, "e")
        os.kill(pid, signal.SIGTERM)
        self.finish(supervisor, ("e", 5), ("init", 6))

    def test_ended_meanwhile(self):
        def end(pid):
            os.kill(pid, signal.SIGTERM)
            for shim in self.shims():
                wait_pidfd(shim, Deadline(DEADLINE, "the shim to end"))
        self.leave(between=end)
        self.finish(self.adopt(), ("init", 6))

    def test_shim_lost_meanwhile(self):
        pid = self.leave(between=lambda pid: self.kill_shims())
        supervisor = self.adopt()
        supervisor.wait_event("exit", self.id, "init")
        wait_pidfd(pid, Deadline(0.1, "the process to be gone before that was told"))
        self.finish(supervisor, ("init", 137))

    def test_delete_by_force(self):
        self.leave()
        supervisor = self.adopt()
        supervisor.call("delete", id=self.id, force=True)
        self.finish(supervisor, ("init", 137))


if __name__ == "__main__":
    sys.exit(main())
