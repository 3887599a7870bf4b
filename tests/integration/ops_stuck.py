# SPDX-License-Identifier: Apache-2.0
"""A runtime that hangs on one container: no other container waits, nor does its own end."""

import signal
import sys
from pathlib import Path

from harness import main
from harness.ops_case import NOT_FOUND, OpsCase
from harness.process import Deadline, wait_pidfd
from harness.supervise import CallError


class Stuck(OpsCase):

    def setUp(self):
        super().setUp()
        self.use_fake_runtime()
        self.other = self.space.new_id()
        self.owner = self.supervisor()
        for container_id in (self.id, self.other):
            self.started(self.owner, container_id=container_id)

    def hang(self, verb, method, **params):
        """Begins a call that hangs in the runtime until release(); returns its number."""
        here, self.gate = self.space.fifo(f"here-{verb}"), self.space.fifo(f"gate-{verb}")
        self.set_fake_script({verb: {"notify": here, "wait": self.gate}})
        number = self.owner.send(method, id=self.id, **params)
        Path(here).read_bytes()
        self.set_fake_script({})
        return number

    def release(self):
        Path(self.gate).write_bytes(b"")

    def test_others_do_not_wait(self):
        number = self.hang("pause", "pause")
        self.owner.call("pause", id=self.other)
        self.owner.call("resume", id=self.other)
        self.owner.call("update", id=self.other, resources={"pids": {"limit": 5}})
        self.owner.call("delete", id=self.other, force=True)
        self.assert_events(self.owner, [("start-container", "", 0)])
        self.release()
        self.assertEqual(self.owner.result(number), {})
        self.end(self.owner)

    def test_operations_that_exclude_each_other_take_turns(self):
        first = self.hang("pause", "pause")
        later = [self.owner.send(method, id=self.id) for method in ("resume", "pause")]
        self.owner.call("state", id=self.id)  # has been answered, so they had their chance
        self.assertEqual(self.fake_verbs().count("resume"), 0)
        self.release()
        for number in (first, *later):
            self.owner.result(number)
        self.assert_events(self.owner, [("start-container", "", 0), ("pause", "", 0),
                                        ("resume", "", 0), ("pause", "", 0)])
        self.assertEqual([verb for verb in self.fake_verbs() if verb in ("pause", "resume")],
                         ["pause", "resume", "pause"])
        self.end(self.owner, self.id, self.other)

    def test_questions_wait_for_no_turn(self):
        number = self.hang("pause", "pause")
        self.set_fake_script({"ps": {"stdout": "[1]"}})
        self.assertEqual(self.owner.call("ps", id=self.id), {"pids": [1]})
        self.release()
        self.owner.result(number)
        self.end(self.owner, self.id, self.other)

    def execs_of(self, container_id):
        """Those that the runtime was asked for."""
        return [call for call in self.fake_calls()
                if "exec" in call["argv"] and container_id in call["argv"]]

    def test_execs_of_one_container_do_not_hold_up_others(self):
        here, gate = self.space.fifo("here"), self.space.fifo("gate")
        self.set_fake_script({"exec": {"notify": here, "wait": gate}})
        numbers = [self.owner.send("exec", id=container_id, args=["true"])
                   for container_id in [self.id] * 60 + [self.other]]
        while not self.execs_of(self.other):
            Path(here).read_bytes()  # the next that comes
        self.assertLessEqual(len(self.execs_of(self.id)), 8)
        for container_id in (self.id, self.other):
            self.owner.call("kill", id=container_id, signal=int(signal.SIGKILL))
        for number in numbers:
            with self.assertRaises(CallError):
                self.owner.result(number)
        for container_id in (self.id, self.other):
            self.owner.wait_event("exit", container_id, "init")
        self.owner.end()

    def assert_ends_with_the_container(self, number):
        """The call, and the runtime that hung in it."""
        runtime = self.fake_calls()[-1]["pid"]
        self.owner.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.owner.wait_event("exit", self.id, "init")
        with self.assertRaises(CallError) as caught:
            self.owner.result(number)
        self.assertEqual(caught.exception.detail, NOT_FOUND)
        wait_pidfd(runtime, Deadline(what="the runtime to be gone"))
        self.end(self.owner, self.other)

    def test_container_ends_while_pause_hangs(self):
        self.assert_ends_with_the_container(self.hang("pause", "pause"))

    def test_container_ends_while_a_checkpoint_hangs(self):
        self.assert_ends_with_the_container(self.hang("checkpoint", "checkpoint-create", name="c"))

    def test_container_ends_while_stats_hangs(self):
        self.assert_ends_with_the_container(self.hang("events", "stats"))

    def test_container_ends_while_others_wait_for_their_turn(self):
        first = self.hang("pause", "pause")
        second = self.owner.send("update", id=self.id, resources={"pids": {"limit": 5}})
        self.owner.call("kill", id=self.id, signal=int(signal.SIGKILL))
        for number in (first, second):
            with self.assertRaises(CallError) as caught:
                self.owner.result(number)
            self.assertEqual(caught.exception.detail, NOT_FOUND)
        self.owner.wait_event("exit", self.id, "init")
        self.assertNotIn("update", self.fake_verbs())
        self.end(self.owner, self.other)

    def test_supervisor_ends_while_pause_hangs(self):
        """Nothing of it keeps the supervisor; its successor finds the container."""
        self.hang("pause", "pause")
        self.owner.end()
        self.release()
        second = self.supervisor("adopt")
        self.assertEqual(second.adopted["adopted"], 2)
        self.end(second, self.id, self.other)


if __name__ == "__main__":
    sys.exit(main())
