# SPDX-License-Identifier: Apache-2.0
"""The supervisor as an owner: starts, execs and exits, in the order that clients rely on."""

import os
import signal
import sys

from pathlib import Path

from harness import Case, main
from harness.process import Deadline, wait_pidfd
from harness.supervise import CallError, Supervise

_FOREVER = "trap 'exit 3' TERM; while :; do sleep 1000 & wait; done"


class Life(Case):

    programs = ("chock-shim", "supervise")

    def setUp(self):
        super().setUp()
        self.supervisor = Supervise(self)
        self.id = self.space.new_id()

    def tearDown(self):
        self.supervisor.end()
        super().tearDown()

    def start(self, bundle, **params):
        return self.supervisor.call("start", id=self.id, bundle=bundle.path, **params)

    def directory(self):
        return Path(self.space.state_root) / self.id

    def test_start_and_exit(self):
        """Start before exit, exactly one of each, and nothing left when the exit is heard of."""
        answer = self.start(self.space.shell("exit 7"))
        self.assertEqual((answer["id"], answer["process"]), (self.id, "init"))
        self.supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(self.supervisor.events(self.id),
                         [("start-container", "", 0), ("exit", "init", 7)])
        self.assertFalse(self.directory().exists())
        self.assertNotIn(self.id, self.runtime.list())

    def test_wait_and_kill(self):
        self.start(self.space.shell(_FOREVER))
        waiting = self.supervisor.send("wait", id=self.id)
        self.supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.assertEqual(self.supervisor.result(waiting), {"exitStatus": 137})

    def test_exec_exits_are_published_before_their_init(self):
        self.start(self.space.shell("exec sleep 1000"))
        for name in ("one", "two"):
            self.supervisor.call("exec", id=self.id, process=name, args=["/bin/sleep", "1000"])
        done = self.supervisor.call("exec", id=self.id, args=["/bin/sh", "-c", "exit 5"])
        self.supervisor.wait_event("exit", self.id, done["process"])
        self.assertEqual(sorted(entry.name for entry in self.directory().iterdir()
                                if entry.is_dir()), ["init", "one", "two"])
        self.supervisor.call("kill", id=self.id, signal=9)
        self.supervisor.wait_event("exit", self.id, "init")
        events = self.supervisor.events(self.id)
        self.assertEqual(events[-1], ("exit", "init", 137))
        self.assertEqual(sorted(events[-3:-1]), [("exit", "one", 137), ("exit", "two", 137)])
        self.assertIn(("exit", done["process"], 5), events)

    def test_exec_into_nothing(self):
        with self.assertRaises(CallError) as caught:
            self.supervisor.call("exec", id=self.id, args=["x"])
        self.assertEqual(caught.exception.detail, "containerd: container not found")

    def test_exec_of_nothing_says_why_and_leaves_nothing(self):
        self.start(self.space.shell("exec sleep 1000"))
        with self.assertRaises(CallError) as caught:
            self.supervisor.call("exec", id=self.id, process="e", args=["/no/such/program"])
        self.assertIn("oci runtime error: ", caught.exception.detail)
        self.assertFalse((self.directory() / "e").exists())
        self.supervisor.call("exec", id=self.id, process="e", args=["/bin/true"])
        self.supervisor.wait_event("exit", self.id, "e")
        self.supervisor.call("delete", id=self.id, force=True)
        self.assertEqual([e for e in self.supervisor.events(self.id) if e[1] == "e"],
                         [("start-process", "e", 0), ("exit", "e", 0)])

    def test_state_and_list(self):
        self.start(self.space.shell("exec sleep 1000"), labels=["a=b"])
        state = self.supervisor.call("state", id=self.id)
        self.assertEqual((state["status"], state["labels"]), ("running", ["a=b"]))
        self.assertEqual(state["processes"][0]["spec"]["args"][0], "/bin/sh")
        listed = self.supervisor.call("list")["containers"]
        self.assertEqual([c["id"] for c in listed], [self.id])
        self.supervisor.call("delete", id=self.id, force=True)
        self.assertEqual(self.supervisor.call("list")["containers"], [])

    def test_delete_wants_force_for_what_runs(self):
        self.start(self.space.shell("exec sleep 1000"))
        with self.assertRaises(CallError) as caught:
            self.supervisor.call("delete", id=self.id)
        self.assertIn("is running", str(caught.exception))
        self.supervisor.call("delete", id=self.id, force=True)
        self.assertFalse(self.directory().exists())

    def test_id_in_use(self):
        self.start(self.space.shell("exec sleep 1000"))
        with self.assertRaises(CallError) as caught:
            self.start(self.space.shell("exit 0"))
        self.assertRegex(str(caught.exception), r"mkdir .*: file exists")
        self.supervisor.call("delete", id=self.id, force=True)

    def test_failed_start_can_be_tried_again(self):
        """Its answer comes when everything is undone, and no event ever."""
        for _ in range(2):
            with self.assertRaises(CallError) as caught:
                self.start(self.space.bundle("/no/such/program"))
            self.assertIn("/no/such/program", caught.exception.detail)
        self.start(self.space.shell("exit 0"))
        self.supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(self.supervisor.events(self.id),
                         [("start-container", "", 0), ("exit", "init", 0)])

    def test_log_is_appended_to(self):
        log = self.space.file("log", b"before\n")
        self.start(self.space.shell("echo out; echo err >&2"), stdio={"log": log})
        self.supervisor.wait_event("exit", self.id, "init")
        text = Path(log).read_text(encoding="utf-8")
        self.assertTrue(text.startswith("before\n"), text)
        self.assertEqual(sorted(text.splitlines()), ["before", "err", "out"])

    def test_own_fifos(self):
        """Their reader comes when the caller is told that they are there."""
        number = self.supervisor.send("start", id=self.id, stdio={"fifos": True},
                                      bundle=self.space.shell("echo out").path)
        prepared = self.supervisor.wait_line(lambda line: line.get("prepared") == number)
        paths = prepared["answer"]["stdio"]
        out = os.open(paths["stdout"], os.O_RDONLY | os.O_NONBLOCK)
        err = os.open(paths["stderr"], os.O_RDONLY | os.O_NONBLOCK)
        self.supervisor.result(number)
        self.supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(os.read(out, 100), b"out\n")
        os.close(out)
        os.close(err)

    def test_lost_shim(self):
        """The container does not outlive it, and the exit says what was done."""
        answer = self.start(self.space.shell("exec sleep 1000"))
        stat = Path(f"/proc/{answer['pid']}/stat").read_text(encoding="utf-8")
        shim = int(stat.rpartition(")")[2].split()[1])
        os.kill(shim, signal.SIGKILL)
        self.supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(self.supervisor.events(self.id)[-1], ("exit", "init", 137))
        wait_pidfd(answer["pid"], Deadline(10, "the container's process to be gone"))
        self.assertNotIn(self.id, self.runtime.list())
        self.assertFalse(self.directory().exists())

    def test_lost_shim_of_a_frozen_container(self):
        answer = self.start(self.space.shell("exec sleep 1000"))
        if self.runtime.call("pause", self.id).returncode != 0:
            self.supervisor.call("delete", id=self.id, force=True)
            self.skipTest(f"{self.runtime.name} cannot pause here")
        self.assertEqual(self.supervisor.call("state", id=self.id)["status"], "paused")
        stat = Path(f"/proc/{answer['pid']}/stat").read_text(encoding="utf-8")
        os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)
        self.supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(self.supervisor.events(self.id)[-1], ("exit", "init", 137))
        self.assertNotIn(self.id, self.runtime.list())


if __name__ == "__main__":
    sys.exit(main())
