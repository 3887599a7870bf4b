# SPDX-License-Identifier: Apache-2.0
"""A runtime that never comes back from `kill --all`, `delete`, `ps` or `start`: it is ended, and what has
waited for it goes on. Such waits are long, so all of them take place at the same time, in one test.
"""

import os
import subprocess
import sys
import time

from pathlib import Path

from harness import SHARED_PID, Deadline, main
from harness.process import wait_pidfd
from harness.shim_case import ShimCase

_SHIM_BUDGET = 30.0  # of a call of the shim's
_CHOCK_BUDGET = 120.0  # of one of chock's
_QUESTION_BUDGET = 30.0  # of one that changes nothing
_TOLERANCE = 20.0


class Stuck(ShimCase):

    programs = ("chock", "chock-shim")

    def setUp(self):
        super().setUp()
        self.never = self.space.fifo("never")

    def stuck_in(self, *verbs, **script):
        """Settings for container(): a runtime of its own that hangs in these verbs."""
        settings = self.fake_runtime(script | {verb: {"wait": self.never} for verb in verbs})
        home = self.space.file(self._unused("fake"))
        os.rename(self.space.file("fake"), home)
        return settings | {"env": settings["env"] | {"FAKE_RUNTIME_DIR": home}}

    def calls_of(self, settings):
        os.rename(settings["env"]["FAKE_RUNTIME_DIR"], self.space.file("fake"))
        try:
            return list(zip(self.fake_verbs(), self.fake_calls()))
        finally:
            os.rename(self.space.file("fake"), settings["env"]["FAKE_RUNTIME_DIR"])

    def assert_took(self, began, seconds):
        took = time.monotonic() - began
        self.assertGreater(took, seconds - 0.5)
        self.assertLess(took, seconds + _TOLERANCE)

    def assert_all_gone(self, settings, verbs):
        calls = self.calls_of(settings)
        self.assertEqual([verb for verb, _ in calls], verbs)
        for verb, call in calls:
            if self.is_ours(call["pid"]):
                wait_pidfd(call["pid"], Deadline(5, f"the end of {verb}"))

    def is_ours(self, pid):
        """The number of a process that was gone long ago may be somebody else's by now."""
        try:
            return self.space.token.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def assert_warned(self, process, steps):
        records = self.shim_log(process)
        self.assertEqual({each["level"] for each in records}, {"warn"})
        self.assertEqual([each["step"] for each in records if "timed out" in each["msg"]], steps)

    def asked(self, settings):
        """`chock ps` of a container that runs: the container's id, the process, when it began."""
        container_id, environment = self.space.new_id(), settings["env"]
        subprocess.run(self.chock_argv("start", "--runtime", settings["runtime"], "-b",
                                       self.space.bundle("x").path, container_id),
                       check=True, env=environment, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        return container_id, self.spawn(self.chock_argv("ps", container_id), env=environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE), began

    def assert_complains(self, call, began, operation, budget):
        _, complaint = call.communicate(timeout=2 * budget)
        self.assert_took(began, budget)
        self.assertEqual(call.returncode, 125, complaint)
        self.assertEqual(complaint.count(b"\n"), 1, complaint)
        self.assertIn(f"chock: {operation} ".encode(), complaint)
        self.assertIn(b"no answer within the deadline", complaint)

    def discard(self, container):
        container.init.close()
        container.runtime = "/bin/true"  # for the driver's own delete
        container.remove()

    def test_bounds(self):
        ending, undoing, starting, asking = (
            self.stuck_in("kill", "delete", create={"init_exit": 9}),
            self.stuck_in("delete", create={"exit": 1, "init_exit": 0}), self.stuck_in("start"),
            self.stuck_in("ps"))
        asked, ps, ps_began = self.asked(asking)
        run_began = time.monotonic()
        run = self.spawn(self.chock_argv("run", "--runtime", starting["runtime"], "-b",
                                         self.space.bundle("x").path, self.space.new_id()),
                         env=starting["env"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ended_began = time.monotonic()
        ended = self.launched(self.space.bundle("x", namespaces=SHARED_PID), start=False, **ending)
        self.await_status(ended.init, "9")
        self.assertLess(time.monotonic() - ended_began, _SHIM_BUDGET / 2, "hidden by the runtime")
        undone = self.container(self.space.bundle("x"), **undoing)
        undone_began = time.monotonic()
        self.spawned(undone)

        # A create that has failed, whose remains cannot be deleted.
        self.assertEqual(undone.init.shim.wait(2 * _SHIM_BUDGET), 0)
        self.assert_took(undone_began, _SHIM_BUDGET)
        self.assert_all_gone(undoing, ["create", "delete"])
        self.assert_warned(undone.init, ["undoing"])
        self.discard(undone)

        # A question.
        self.assert_complains(ps, ps_began, "ps", _QUESTION_BUDGET)
        self.assert_all_gone(asking, ["create", "start", "ps"])
        subprocess.run(self.chock_argv("delete", "--force", asked), check=True, env=asking["env"])

        # An exit, for which two calls are made: the first is over long before the shim is, with
        # which it would have ended in any case.
        wait_pidfd(dict(self.calls_of(ending))["kill"]["pid"], Deadline(5, "the end of kill"))
        self.assertIsNone(ended.init.shim.poll())
        ended.init.await_hangup(3 * _SHIM_BUDGET)
        self.assert_took(ended_began, 2 * _SHIM_BUDGET)
        self.assertEqual(ended.init.shim.wait(5), 0)
        self.assertEqual(ended.init.exit_status(), 9)
        self.assert_all_gone(ending, ["create", "kill", "delete"])
        self.assert_warned(ended.init, ["killing", "deleting"])
        self.discard(ended)

        # A start, which is undone and said to have failed.
        self.assert_complains(run, run_began, "start", _CHOCK_BUDGET)
        self.assert_all_gone(starting, ["create", "start", "delete"])


if __name__ == "__main__":
    sys.exit(main())
