# SPDX-License-Identifier: Apache-2.0
"""`chock run`, the same with and without a server: detached, kept, logged, interrupted."""

import os
import signal
import sys

from harness import Deadline, main
from harness.cli_case import FOREVER, both_ways
from harness.process import wait_pidfd


class Run:

    def run_id(self, script, *options):
        """(id, completed) of a run in the foreground."""
        container = self.space.new_id()
        return container, self.chock("run", *options, "-b", self.space.shell(script).path, container)

    def test_foreground(self):
        container, result = self.run_id("echo out; echo err >&2; exit 5")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (5, b"out\n", b"err\n"))
        self.refused(self.chock("state", container), "not found")
        self.assertIsNone(self.runtime.state(container))

    def test_many_short_ones(self):
        """An exit is not missed, however soon it comes."""
        for code in range(10):
            _, result = self.run_id(f"exit {code}")
            self.assertEqual(result.returncode, code, result)

    def test_input(self):
        container = self.space.new_id()
        result = self.chock("run", "-b", self.space.shell("cat").path, container, stdin=b"x" * 300000)
        self.assertEqual((result.returncode, len(result.stdout)), (0, 300000))

    def test_detached(self):
        container = self.space.new_id()
        printed = self.done("run", "-d", "-b", self.space.shell(FOREVER).path, container)
        self.assertEqual(printed, container + "\n")
        self.assertEqual(self.answer("state", container)["status"], "running")

    def test_detached_as_json(self):
        container = self.space.new_id()
        told = self.answer("run", "-d", "-b", self.space.shell(FOREVER).path, container)
        self.assertEqual((told["id"], told["process"]), (container, "init"))

    def test_foreground_as_json_makes_no_sense(self):
        container, result = self.run_id("exit 0", "--json")
        self.refused(result, container, "--json")

    def test_kept(self):
        """The directory of one that has ended stays, and tells how."""
        container, result = self.run_id("exit 6", "--rm=false")
        self.assertEqual(result.returncode, 6)
        self.assertEqual(self.answer("state", container)["status"], "stopped")
        self.assertEqual(self.chock("wait", container).returncode, 6)
        self.assertIsNone(self.runtime.state(container))
        _, again = container, self.chock("run", "-b", self.space.shell("exit 0").path, container)
        self.refused(again, container, "exist")
        self.done("delete", container)

    def test_log(self):
        log = self.space.file("log")
        _, result = self.run_id("echo out; echo err >&2; exit 5", "--log", log)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (5, b"", b""))
        with open(log, encoding="utf-8") as text:
            self.assertEqual(sorted(text.read().split()), ["err", "out"])

    def test_signals_are_forwarded(self):
        container = self.space.new_id()
        script = "trap 'echo usr1' USR1; trap 'exit 9' TERM; echo up; while :; do sleep 1000 & wait; done"
        child = self.begin("run", "-b", self.space.shell(script).path, container)
        self.expect(child, b"up\n")
        child.send_signal(signal.SIGUSR1)
        self.expect(child, b"usr1\n")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(30), 9)

    def test_program_that_is_not_there(self):
        container = self.space.new_id()
        for program, code in (("/no/such/program", 127), ("/tmp", 126)):
            result = self.chock("run", "-b", self.space.bundle(program).path, container)
            self.refused(result, container, code=code)
            self.assertEqual(self.answer("list"), {"containers": []})

    def interrupted_in(self, verb):
        """While the runtime hangs in it. (the hanging one, its parent)"""
        news = self.space.fifo("news")
        runtime = self.space.file("slow-runtime", f"""#!/bin/sh
case " $* " in
*" {verb} "*) echo $$ $PPID > {news}; exec sleep 1000;;
*) exec {self.runtime.path} "$@";;
esac
""".encode())
        os.chmod(runtime, 0o700)
        container = self.space.new_id()
        child = self.begin("run", "--runtime", runtime, "-b", self.space.shell(FOREVER).path, container)
        with open(news, encoding="utf-8") as line:
            pids = [int(pid) for pid in line.read().split()]
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(30), 128 + signal.SIGINT)
        self.assertEqual(child.stderr.read().count(b"\n"), 1)
        wait_pidfd(pids[0], Deadline(what="the runtime to end"))
        return container, pids

    def test_interrupt_during_create(self):
        """Nothing of it is left when the command has ended, or soon after where a server undoes it."""
        _, (_, shim) = self.interrupted_in("create")
        wait_pidfd(shim, Deadline(what="the shim to end"))

    def test_interrupt_during_start(self):
        """Nor of a container that was complete and waited for nothing else. Who undoes it has gone
        through the whole of it when the id is free again."""
        container, _ = self.interrupted_in("start")
        deadline = Deadline(what="the start to be undone")
        while self.chock("state", container).returncode == 0:
            self.assertGreater(deadline.remaining, 0)
        self.assertIsNone(self.runtime.state(container))

    def test_killed_run_leaves_a_container_that_the_other_verbs_know(self):
        container = self.space.new_id()
        child = self.begin("run", "-b", self.space.shell("echo up; sleep 1000").path, container)
        self.expect(child, b"up\n")
        child.kill()
        child.wait()
        self.assertEqual(self.answer("state", container)["status"], "running")
        self.assertEqual(self.chock("exec", container, "/bin/sh", "-c", "exit 3").returncode, 3)
        wait = self.begin_wait(container)
        self.done("kill", container, "KILL")
        self.assertEqual(wait.wait(30), 137)
        self.chock("delete", container)

    def test_attach_after_a_killed_run(self):
        container = self.space.new_id()
        child = self.begin("run", "-b",
                           self.space.shell("echo up; read line; echo $line; exit 4").path, container)
        self.expect(child, b"up\n")
        child.kill()
        child.wait()
        attach = self.begin("attach", container)
        attach.stdin.write(b"hello\n")
        attach.stdin.flush()
        self.assertEqual((attach.stdout.read(), attach.wait(30)), (b"hello\n", 4))


RunAlone, RunServed = both_ways(Run)

if __name__ == "__main__":
    sys.exit(main())
