# SPDX-License-Identifier: Apache-2.0
"""Whatever happens in whatever order: no exit before its start, one exit for each process that was
started, the init's last, and nothing left (R-10).

Each round is a random sequence of starts, execs, kills, and deaths of shims, of the supervisor at
any moment or at a named step, and of both. CHOCK_PROPERTY_ROUNDS says how many rounds of a few
containers there are, CHOCK_PROPERTY_SEED which is the first; a failure names its seed.
"""

import os
import random
import secrets
import signal
import sys

from harness import main
from harness.core_case import CoreCase
from harness.supervise import CallError

_ROUNDS = int(os.environ.get("CHOCK_PROPERTY_ROUNDS", "200"))
_SEED = int(os.environ.get("CHOCK_PROPERTY_SEED", secrets.randbelow(1 << 32)))
_CONTAINERS = 3
_ACTIONS = 25
_STEPS = ("staged", "filled", "published", "shim-spawned", "pid-seen", "identified", "started",
          "announced", "exit-hung-up", "exit-settled", "exit-deleted", "exit-published",
          "taken-back", "exit-discarded", "adopt-opened")
_ESRCH, _EEXIST = 3, 17


class Round:
    """One sequence. What was answered is remembered; what was not may have happened or not."""

    def __init__(self, case, seed):
        self.case = case
        self.random = random.Random(seed)
        self.unused = [case.space.new_id() for _ in range(_CONTAINERS)]
        self.used = []
        self.calls = {}      # number -> (container, process) of starts and execs
        self.answered = set()
        self.refused = set()
        self.execs = 0
        self.said = []       # by all supervisors
        case.use_quick_runtime(
            QUICK_INIT=self.random.choice(("exit 3", "read line", "sleep 1000")),
            QUICK_EXEC=self.random.choice(("exit 4", "sleep 1000")))
        self.begin()

    # -- The supervisor, which is always there again.

    def begin(self):
        failpoint = ""
        if self.random.random() < 0.5:
            failpoint = f"{self.random.choice(_STEPS)}:{self.random.randint(1, 4)}=kill"
        self.supervisor = self.case.supervisor("adopt", program="supervise_failpoints",
                                               failpoint=failpoint, wait_for_adoption=False)

    def bury(self):
        """Hears what it said before it died."""
        self.supervisor.hear_to_the_end()
        status = self.supervisor.wait()
        self.said += [*self.supervisor.lines, f"ended: {status}"]
        self.take_answers()
        self.calls = {}

    def take_answers(self):
        for line in self.supervisor.lines:
            process = self.calls.pop(line.get("call"), None)
            if process is None:
                continue
            if "error" not in line:
                self.answered.add(process)
            elif line["code"] != _EEXIST:
                self.refused.add(process)

    def say(self, method, **params):
        """One more call, also if the supervisor dies of something else meanwhile."""
        try:
            return self.supervisor.send(method, **params)
        except BrokenPipeError:
            self.bury()
            self.begin()
            return self.say(method, **params)

    # -- What can happen.

    def start(self):
        if self.unused:
            container = self.unused.pop()
            self.used.append(container)
            number = self.say("start", id=container, bundle=self.case.bundle())
            self.calls[number] = (container, "init")

    def exec(self):
        if self.used:
            self.execs += 1
            container, process = self.random.choice(self.used), f"e{self.execs}"
            number = self.say("exec", id=container, process=process, args=["x"])
            self.calls[number] = (container, process)

    def kill(self):
        if self.used:
            process = self.random.choice(("init", f"e{self.random.randint(0, self.execs)}"))
            self.say("kill", id=self.random.choice(self.used), process=process,
                     signal=int(signal.SIGKILL))

    def delete(self):
        if self.used:
            self.say("delete", id=self.random.choice(self.used), force=True)

    def kill_a_shim(self):
        found = self.case.shims()
        if found:
            try:
                os.kill(self.random.choice(found), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def kill_the_supervisor(self):
        self.supervisor.signal(signal.SIGKILL)
        self.bury()
        for _ in range(self.random.choice((0, 0, 1, 3))):
            self.kill_a_shim()
        self.begin()

    def hear(self):
        """Waits for something to be finished, so that not everything happens at once."""
        if self.calls:
            try:
                self.supervisor.result(self.random.choice(sorted(self.calls)))
            except (CallError, EOFError):
                pass

    def run(self):
        actions = {self.start: 4, self.exec: 6, self.kill: 4, self.delete: 1, self.kill_a_shim: 3,
                   self.kill_the_supervisor: 1, self.hear: 4}
        for action in self.random.choices(list(actions), list(actions.values()), k=_ACTIONS):
            action()

    # -- The end.

    def end(self):
        self.supervisor.signal(signal.SIGKILL)
        self.bury()
        self.supervisor = self.case.supervisor("adopt")
        deletions = [self.say("delete", id=container, force=True) for container in self.used]
        for number in deletions:
            try:
                self.supervisor.result(number)
            except CallError as error:
                self.case.assertEqual(error.code, _ESRCH, error)
        self.supervisor.end()
        self.said += self.supervisor.lines

    def check(self):
        for container in self.used:
            events = self.case.history(container)
            self.said.append(f"{container}: {events}")
            self.case.assert_invariants(events)
            started = {process or "init" for kind, process, _ in events if kind.startswith("start")}
            for of, process in self.answered:
                self.case.assertTrue(of != container or process in started, (process, events))
            for of, process in self.refused:
                self.case.assertFalse(of == container and process in started, (process, events))
            statuses = {status for kind, _, status in events if kind == "exit"}
            self.case.assertLessEqual(statuses, {1, 3, 4, 137, 255}, events)
        self.case.assert_nothing_left()


class Property(CoreCase):

    programs = ("chock-shim", "supervise", "supervise_failpoints")

    def test_anything_in_any_order(self):
        for seed in range(_SEED, _SEED + _ROUNDS):
            with self.subTest(CHOCK_PROPERTY_SEED=seed):
                sequence = Round(self, seed)
                try:
                    sequence.run()
                    sequence.end()
                    sequence.check()
                except AssertionError:
                    print(*sequence.said, sep="\n", file=sys.stderr)
                    raise


if __name__ == "__main__":
    sys.exit(main())
