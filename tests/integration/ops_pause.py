# SPDX-License-Identifier: Apache-2.0
"""Pause and resume: what happens to the container, what clients are told, what is refused."""

import signal
import sys

from harness import cgroups, main
from harness.ops_case import OpsCase


class Pause(OpsCase):

    def status(self, supervisor):
        return supervisor.call("state", id=self.id)["status"]

    def test_pause_and_resume(self):
        supervisor = self.supervisor()
        pid = self.started(supervisor)["pid"]
        self.assertEqual(supervisor.call("pause", id=self.id), {})
        self.assertTrue(cgroups.is_frozen(pid))
        self.assertEqual(self.status(supervisor), "paused")
        self.assertEqual(supervisor.call("ps", id=self.id), {"pids": [pid]})
        self.assertEqual(supervisor.call("resume", id=self.id), {})
        self.assertFalse(cgroups.is_frozen(pid))
        self.assertEqual(self.status(supervisor), "running")
        supervisor.call("delete", id=self.id, force=True)
        self.assert_events(supervisor, [("start-container", "", 0), ("pause", "", 0),
                                        ("resume", "", 0), ("exit", "init", 137)])
        supervisor.end()

    def test_what_fails_is_told_in_the_runtime_s_words_and_is_no_event(self):
        supervisor = self.supervisor()
        self.started(supervisor)
        runtimes_own = self.runtime.call("resume", self.id)
        if runtimes_own.returncode == 0:  # crun takes a container that runs for one resumed
            supervisor.call("resume", id=self.id)
        else:
            error = self.refused(supervisor, "resume")
            self.assertTrue(error.detail.startswith("oci runtime error: "), error.detail)
            self.assertIn("not paused", error.detail)
        supervisor.call("delete", id=self.id, force=True)
        resumed = [("resume", "", 0)] if runtimes_own.returncode == 0 else []
        self.assert_events(supervisor, [("start-container", "", 0), *resumed,
                                        ("exit", "init", 137)])
        supervisor.end()

    def test_unknown_and_ended(self):
        supervisor = self.supervisor()
        for method in ("pause", "resume"):
            self.assert_unknown(supervisor, method)
        self.started(supervisor, self.space.shell("exit 0"))
        supervisor.wait_event("exit", self.id, "init")
        for method in ("pause", "resume"):
            self.assert_unknown(supervisor, method)
        supervisor.end()

    def test_killed_while_paused(self):
        """A frozen process does not die of SIGKILL; delete --force thaws it (R-58)."""
        supervisor = self.supervisor()
        self.started(supervisor)
        supervisor.call("pause", id=self.id)
        supervisor.call("delete", id=self.id, force=True)
        self.assert_events(supervisor, [("start-container", "", 0), ("pause", "", 0),
                                        ("exit", "init", 137)])
        supervisor.end()

    def test_adopted_while_paused(self):
        first = self.supervisor()
        self.started(first)
        first.call("pause", id=self.id)
        first.kill()
        second = self.supervisor("adopt")
        self.assertEqual(self.status(second), "paused")
        second.call("resume", id=self.id)
        second.call("kill", id=self.id, signal=int(signal.SIGKILL))
        second.wait_event("exit", self.id, "init")
        second.end()

    def test_one_shot(self):
        supervisor = self.supervisor("oneshot")
        self.started(supervisor)
        supervisor.call("pause", id=self.id)
        self.assertEqual(self.status(supervisor), "paused")
        supervisor.call("resume", id=self.id)
        supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        supervisor.call("wait", id=self.id)
        error = self.refused(supervisor, "pause")
        self.assertIn("is not running", error.detail)
        self.end(supervisor)


if __name__ == "__main__":
    sys.exit(main())
