# SPDX-License-Identifier: Apache-2.0
"""SIGKILL for the supervisor, for the shim or for both, at every named step (CHOCK_FAILPOINT in the
sources) of a start, of an exec and of an exit. The next supervisor finds something that it can make
sense of: every process that anybody was told of has one exit, the rest is undone, nothing is left."""

import os
import signal
import sys

from harness import main
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.process import Deadline, await_state, wait_pidfd
from harness.supervise import CallError

# Until here nobody was told that there would be a process.
_UNDONE = ("staged", "filled", "published", "shim-spawned", "pid-seen", "identified")
_START = (*_UNDONE, "started", "announced")
_EXEC = (*_UNDONE, "announced")
_EXIT = ("exit-hung-up", "exit-settled", "exit-published", "taken-back", "exit-discarded")
_UNKNOWN = 255
_WITH_SHIM = ("shim-spawned", "pid-seen", "identified", "started", "announced")


def _each(steps, victims):
    """A test a step and victim; there is no shim to kill before it is spawned."""
    return {f"{step}_{victim}".replace("-", "_"): (step, victim)
            for victim in victims for step in steps
            if victim == "supervisor" or step in _WITH_SHIM}


class KilledAnywhere(CoreCase):

    programs = ("chock-shim", "supervise", "supervise_failpoints")

    def setUp(self):
        super().setUp()
        self.use_runtime()

    def use_runtime(self):
        self.use_quick_runtime()

    def victim_supervisor(self, **settings):
        return self.supervisor(program="supervise_failpoints", **settings)

    def strike(self, supervisor, step, victim, begin):
        """Lets `begin` make it reach the step, and kills there. The call's number is returned."""
        supervisor.failpoint(f"{step}={'kill' if victim == 'supervisor' else 'stop'}")
        number = begin()
        if victim != "supervisor":
            self.await_stopped(supervisor)
            self.assertGreaterEqual(self.kill_shims(self.striking_at), 1)
        if victim == "both":
            os.kill(supervisor.pid, signal.SIGKILL)
        if victim == "shim":
            os.kill(supervisor.pid, signal.SIGCONT)
        else:
            self.assertEqual(supervisor.wait(), -signal.SIGKILL)
        return number

    def finish(self, supervisor):
        """Ends the container, if there is one, and checks what all of this has come to."""
        try:
            supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        except CallError as error:
            self.assertEqual(error.code, 3, error)  # ESRCH
        self.await_gone(supervisor)
        supervisor.end()
        self.assert_invariants(self.history())
        self.assert_nothing_left()

    # -- Start.

    @parametrised(_each(_START, ("supervisor", "both")))
    def test_start(self, step, victim):
        supervisor = self.victim_supervisor()
        self.striking_at = self.directory
        self.strike(supervisor, step, victim, lambda: supervisor.send(
            "start", id=self.id, bundle=self.bundle()))
        successor = self.supervisor("adopt")
        if step in _UNDONE:
            self.await_gone(successor)
            self.assertEqual(self.history(), [])
        elif victim == "supervisor":
            self.assertEqual(successor.call("state", id=self.id)["status"], "running")
            self.assertEqual(self.history(), [("start-container", "", 0)])
        self.finish(successor)

    @parametrised(_each(_START, ("shim",)))
    def test_start_goes_on(self, step, victim):
        """The supervisor lives: it answers, and what it has answered is true."""
        supervisor = self.victim_supervisor()
        self.striking_at = self.directory
        number = self.strike(supervisor, step, victim, lambda: supervisor.send(
            "start", id=self.id, bundle=self.bundle()))
        try:
            supervisor.result(number)
            supervisor.wait_event("exit", self.id, "init")
        except CallError:
            self.assertEqual(self.history(), [])
        self.finish(supervisor)

    # -- Exec.

    def begin_exec(self, step, victim):
        supervisor = self.victim_supervisor()
        supervisor.call("start", id=self.id, bundle=self.bundle())
        self.striking_at = self.directory / "e"
        number = self.strike(supervisor, step, victim, lambda: supervisor.send(
            "exec", id=self.id, process="e", args=["/bin/sleep", "1000"]))
        return supervisor, number

    def finish_exec(self, supervisor):
        """The exec, then the container, which must not have noticed anything."""
        try:
            supervisor.call("kill", id=self.id, process="e", signal=int(signal.SIGKILL))
        except CallError as error:
            self.assertEqual(error.code, 3, error)  # ESRCH
        self.await_gone(supervisor, "e")
        self.assertEqual([path.name for path in self.directory.iterdir() if path.is_dir()], ["init"])
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        self.finish(supervisor)

    @parametrised(_each(_EXEC, ("supervisor", "both")))
    def test_exec(self, step, victim):
        self.begin_exec(step, victim)
        successor = self.supervisor("adopt")
        if step in ("staged", "filled", "published"):  # later, there may be a process to adopt
            self.await_gone(successor, "e")
            self.assertEqual(self.history(), [("start-container", "", 0)])
        self.finish_exec(successor)

    @parametrised(_each(_EXEC, ("shim",)))
    def test_exec_goes_on(self, step, victim):
        supervisor, number = self.begin_exec(step, victim)
        try:
            supervisor.result(number)
            supervisor.wait_event("exit", self.id, "e")
        except CallError:
            self.assertEqual(self.history(), [("start-container", "", 0)])
        self.finish_exec(supervisor)

    # -- Exit.

    @parametrised(_each((*_EXIT, "exit-deleted"), ("supervisor",)))
    def test_exit(self, step, victim):
        """Whether or not it was published already, it is published once, with the true status."""
        supervisor = self.victim_supervisor()
        supervisor.call("start", id=self.id, bundle=self.bundle())
        self.strike(supervisor, step, victim, self.end_init)
        successor = self.supervisor("adopt")
        self.await_gone(successor)
        self.assertEqual(self.history(), [("start-container", "", 0), ("exit", "init", 3)])
        self.finish(successor)

    @parametrised(_each(_EXIT, ("supervisor",)))
    def test_exec_exit(self, step, victim):
        supervisor = self.victim_supervisor()
        supervisor.call("start", id=self.id, bundle=self.bundle())
        supervisor.call("exec", id=self.id, process="e", args=["/bin/sleep", "1000"])
        self.strike(supervisor, step, victim, self.end_exec)
        successor = self.supervisor("adopt")
        self.await_gone(successor, "e")
        self.assertEqual(self.history()[1:], [("start-process", "e", 0), ("exit", "e", 4)])
        self.finish_exec(successor)

    def end_unseen(self, process, end):
        """It ends by itself while its shim is stopped, which is killed then: nobody has recorded how."""
        with open(self.directory / process / "pid", encoding="utf-8") as number:
            pid = int(number.read())
        for shim in self.shims(self.directory / process):
            os.kill(shim, signal.SIGSTOP)
            await_state(shim, "T")
        end()
        wait_pidfd(pid, Deadline(what="the process to end"))
        self.assertEqual(self.kill_shims(self.directory / process), 1)

    def strike_unseen(self, supervisor, step, process, end):
        """As above; a supervisor that is to die as well dies of it at the step. Who is there then."""
        if step:
            supervisor.failpoint(f"{step}=kill")
        self.end_unseen(process, end)
        if not step:
            return supervisor
        self.assertEqual(supervisor.wait(), -signal.SIGKILL)
        return self.supervisor("adopt")

    @parametrised({"shim": (None,)} | {f"both_{step}".replace("-", "_"): (step,)
                                       for step in (*_EXIT, "exit-deleted")})
    def test_exit_unseen(self, step):
        """There is one exit, with the status that the kernel tells, or none that anybody knows."""
        supervisor = self.victim_supervisor()
        supervisor.call("start", id=self.id, bundle=self.bundle())
        supervisor = self.strike_unseen(supervisor, step, "init", self.end_init)
        self.await_gone(supervisor)
        self.assertIn(self.history(), [[("start-container", "", 0), ("exit", "init", status)]
                                       for status in (3, _UNKNOWN)])
        self.finish(supervisor)

    @parametrised({"shim": (None,)} | {f"both_{step}".replace("-", "_"): (step,) for step in _EXIT})
    def test_exec_exit_unseen(self, step):
        supervisor = self.victim_supervisor()
        supervisor.call("start", id=self.id, bundle=self.bundle())
        supervisor.call("exec", id=self.id, process="e", args=["/bin/sleep", "1000"])
        supervisor = self.strike_unseen(supervisor, step, "e", self.end_exec)
        self.await_gone(supervisor, "e")
        self.assertIn(self.history()[1:], [[("start-process", "e", 0), ("exit", "e", status)]
                                           for status in (4, _UNKNOWN)])
        self.finish_exec(supervisor)

    def test_between_opening_the_fifo_and_looking(self):
        """A shim that ends while its new supervisor looks at what there is (R-5)."""
        supervisor = self.victim_supervisor()
        supervisor.call("start", id=self.id, bundle=self.bundle())
        supervisor.kill()
        successor = self.victim_supervisor(
            life="adopt", failpoint="adopt-opened=stop", wait_for_adoption=False)
        self.await_stopped(successor)
        self.end_init()
        for shim in self.shims():
            wait_pidfd(shim, Deadline(what="the shim to end"))
        os.kill(successor.pid, signal.SIGCONT)
        successor.wait_event("exit", self.id, "init")
        self.assertEqual(self.history(), [("start-container", "", 0), ("exit", "init", 3)])
        self.finish(successor)


if __name__ == "__main__":
    sys.exit(main())
