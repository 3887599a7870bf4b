# SPDX-License-Identifier: Apache-2.0
"""SIGKILL for a shim below a supervisor, at every system call that it makes from its first to its
last. Either the start fails, and nothing is left, or there is one exit after one start."""

import itertools
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

    def use_traced_shims(self, **environment):
        self.use_quick_runtime(**environment)
        self.settings["env"] = strace.environment(self.settings["env"])
        self.settings["shim"] = self.traced_shim()

    def traced_shim(self):
        """A shim that is traced as fault-ID-PROCESS says. It stays its supervisor's child."""
        words = " ".join(map(shlex.quote, strace.words("@")[:-1])).replace(
            "@", f'{self.space.files}/trace-"$1-${{PWD##*/}}"')
        path = self.space.file("traced-shim", "\n".join((
            "#!/bin/sh",
            f'exec {words} $(cat {self.space.files}/fault-"$1-${{PWD##*/}}") -- '
            f'{shlex.quote(self.shim_path)} "$@"', "")).encode())
        os.chmod(path, 0o700)
        return path

    def order(self, container, process, expressions):
        options = " ".join(f"-e {expression}" for expression in expressions)
        self.space.file(f"fault-{container}-{process}", options.encode())

    def faults(self, container, process):
        """A death at each of the calls that were made."""
        calls = strace.calls(self.space.file(f"trace-{container}-{process}"))
        return [strace.kill_at(name, number)
                for name, numbers in calls.items() for number in numbers]

    def begin(self, supervisor, expressions):
        container = self.space.new_id()
        self.order(container, "init", expressions)
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
        self.use_traced_shims(QUICK_INIT="exit 3")
        supervisor = self.supervisor()
        container, number = self.begin(supervisor, ("trace=all",))
        self.assertTrue(self.finish(supervisor, container, number))
        faults = self.faults(container, "init")
        self.assertGreater(len(faults), 100)
        outcomes = []
        for first in range(0, len(faults), _AT_A_TIME):
            lives = [self.begin(supervisor, fault) for fault in faults[first:first + _AT_A_TIME]]
            outcomes += [self.finish(supervisor, *life) for life in lives]
        self.assertEqual(set(outcomes), {True, False})
        supervisor.end()
        self.assert_nothing_left()

    # -- An exec's, of which the container notices nothing.

    def begin_exec(self, supervisor, container, process, expressions):
        self.order(container, process, expressions)
        return process, supervisor.send("exec", id=container, process=process, args=["x"])

    def finish_exec(self, supervisor, container, process, number):
        """Whether it was started."""
        try:
            supervisor.result(number)
            supervisor.wait_event("exit", container, process)
        except CallError:
            pass
        events = [event for event in self.history(container) if event[1] == process]
        if not events:
            return False
        self.assertEqual([kind for kind, _, _ in events], ["start-process", "exit"])
        self.assertIn(events[-1][2], (4, 137, 255))
        return True

    def test_one_exit_of_an_exec_or_none(self):
        self.use_traced_shims(QUICK_INIT="sleep 1000", QUICK_EXEC="exit 4")
        supervisor = self.supervisor()
        container, number = self.begin(supervisor, ("trace=none",))
        supervisor.result(number)
        names = (f"e{count}" for count in itertools.count())
        first = self.begin_exec(supervisor, container, next(names), ("trace=all",))
        self.assertTrue(self.finish_exec(supervisor, container, *first))
        faults = self.faults(container, first[0])[::2]  # the others, an init's shim has met
        outcomes = []
        for at in range(0, len(faults), _AT_A_TIME):
            lives = [self.begin_exec(supervisor, container, next(names), fault)
                     for fault in faults[at:at + _AT_A_TIME]]
            outcomes += [self.finish_exec(supervisor, container, *life) for life in lives]
        self.assertEqual(set(outcomes), {True, False})
        self.assertEqual(supervisor.call("state", id=container)["status"], "running")
        supervisor.call("delete", id=container, force=True)
        supervisor.end()
        self.assert_nothing_left()


if __name__ == "__main__":
    sys.exit(main())
