# SPDX-License-Identifier: Apache-2.0
"""SIGKILL for a shim below a supervisor, at every system call that it makes from its first to its
last. Either the start fails, and nothing is left, or there is one exit after one start."""

import os
import shlex
import sys

from harness import main, strace
from harness.core_case import CoreCase
from harness.supervise import CallError

_AT_A_TIME = 8


class ShimKilledAnywhere(CoreCase):

    def setUp(self):
        super().setUp()
        if strace.STRACE is None:
            self.skipTest("strace is not installed")
        self.use_quick_runtime(QUICK_INIT="exit 3")
        self.settings["env"] = strace.environment(self.settings["env"])
        self.settings["shim"] = self.traced_shim()

    def traced_shim(self):
        """A shim that is traced as fault-ID says. It stays its supervisor's child."""
        words = " ".join(map(shlex.quote, strace.words("@")[:-1])).replace(
            "@", f'{self.space.files}/trace-"$1"')
        path = self.space.file("traced-shim", "\n".join((
            "#!/bin/sh", f'exec {words} $(cat {self.space.files}/fault-"$1") -- '
            f'{shlex.quote(self.shim_path)} "$@"', "")).encode())
        os.chmod(path, 0o700)
        return path

    def begin(self, supervisor, expressions):
        container = self.space.new_id()
        options = " ".join(f"-e {expression}" for expression in expressions)
        self.space.file(f"fault-{container}", options.encode())
        return container, supervisor.send("start", id=container, bundle=self.bundle())

    def finish(self, supervisor, container, number):
        """Whether it was started."""
        try:
            supervisor.result(number)
        except CallError:
            self.assertEqual(self.history(container), [])
            return False
        supervisor.wait_event("exit", container, "init")
        events = self.history(container)
        self.assert_invariants(events)
        # Killed with its shim, unless it had ended by itself.
        self.assertIn(events[-1][2], (3, 137, 255))
        return True

    def test_one_exit_or_none(self):
        supervisor = self.supervisor()
        container, number = self.begin(supervisor, ("trace=all",))
        self.assertTrue(self.finish(supervisor, container, number))
        calls = strace.calls(self.space.file(f"trace-{container}"))
        faults = [strace.kill_at(name, number)
                  for name, numbers in calls.items() for number in numbers]
        self.assertGreater(len(faults), 100)
        outcomes = []
        for first in range(0, len(faults), _AT_A_TIME):
            lives = [self.begin(supervisor, fault) for fault in faults[first:first + _AT_A_TIME]]
            outcomes += [self.finish(supervisor, *life) for life in lives]
        self.assertEqual(set(outcomes), {True, False})
        supervisor.end()
        self.assert_nothing_left()


if __name__ == "__main__":
    sys.exit(main())
