# SPDX-License-Identifier: Apache-2.0
"""Several users at one container, and users that are killed at odd moments."""

import contextlib
import os
import signal
import sys

from harness import Deadline, main
from harness.cli_case import FOREVER, both_ways
from harness.process import wait_pidfd


class Meddling:

    def test_delete_under_a_run(self):
        """Whoever runs it learns of the end as of any other."""
        container = self.space.new_id()
        child = self.begin("run", "-b", self.space.shell("echo up; sleep 1000").path, container)
        self.expect(child, b"up\n")
        self.done("delete", "--force", container)
        self.assertEqual((child.wait(30), child.stderr.read()), (137, b""))
        self.assertEqual(self.answer("list"), {"containers": []})

    def test_delete_under_an_exec(self):
        container = self.start()
        child = self.begin("exec", container, "/bin/sh", "-c", "echo up; sleep 1000")
        self.expect(child, b"up\n")
        self.done("delete", "--force", container)
        self.assertIn(child.wait(30), (137, 255))
        self.assertEqual(self.answer("list"), {"containers": []})

    def test_two_deletes(self):
        container = self.start()
        both = [self.begin("delete", "--force", container) for _ in range(2)]
        codes = sorted(each.wait(30) for each in both)
        self.assertIn(codes, ([0, 0], [0, 125]))
        self.assertEqual(self.answer("list"), {"containers": []})

    def test_two_runs_of_the_same_id(self):
        container = self.space.new_id()
        bundle = self.space.shell("echo up; read line; exit 4")
        both = [self.begin("run", "-b", bundle.path, container) for _ in range(2)]
        for each in both:
            with contextlib.suppress(BrokenPipeError):  # of who has lost already
                each.stdin.write(b"\n")
                each.stdin.close()
        codes = sorted(each.wait(30) for each in both)
        self.assertIn(codes, ([4, 125], [4, 4]))

    def test_wait_and_delete_of_one_whose_shim_was_killed(self):
        container = self.start()
        wait = self.begin_wait(container)
        pid = self.answer("state", container)["processes"][0]["pid"]
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            shim = int(stat.read().rpartition(")")[2].split()[1])
        os.kill(shim, signal.SIGKILL)
        self.assertIn(wait.wait(30), (137, 255))
        self.chock("delete", "--force", container)
        self.assertEqual(self.answer("list"), {"containers": []})
        self.assertIsNone(self.runtime.state(container))

    def test_killed_while_it_starts(self):
        """What is left of the start is told of and can be taken away; a server does that itself."""
        news = self.space.fifo("news")
        runtime = self.space.file("slow-runtime", f"""#!/bin/sh
case "$*" in *create*) echo $PPID > {news}; exec sleep 1000;; *) exec {self.runtime.path} "$@";; esac
""".encode())
        os.chmod(runtime, 0o700)
        container = self.space.new_id()
        child = self.begin("start", "--runtime", runtime, "-b", self.space.shell(FOREVER).path,
                           container)
        with open(news, encoding="utf-8") as line:
            shim = int(line.read())
        self.assertEqual(self.answer("state", container)["status"], "creating")
        child.kill()
        child.wait(30)
        if not self.served:
            self.assertEqual(self.answer("state", container)["status"], "creating")
            self.done("delete", "--force", container)
        wait_pidfd(shim, Deadline(what="the shim to end"))
        self.assertIsNone(self.runtime.state(container))

    def test_killed_exec(self):
        """The process goes on; the container does not care, and its end takes it along."""
        container = self.start()
        child = self.begin("exec", "-i", container, "/bin/sh", "-c", "echo up; read line; sleep 1000")
        self.expect(child, b"up\n")
        child.kill()
        child.wait(30)
        processes = self.answer("state", container)["processes"]
        self.assertEqual([each["status"] for each in processes], ["running", "running"])
        self.done("kill", "--process", processes[1]["process"], container, "KILL")
        self.done("delete", "--force", container)

    def test_stopped_client(self):
        """One that is stopped holds nobody up."""
        container = self.start()
        child = self.begin("exec", "-i", container, "/bin/sh", "-c", "echo up; read line; exit 3")
        self.expect(child, b"up\n")
        child.send_signal(signal.SIGSTOP)
        self.assertEqual(self.chock("exec", container, "/bin/sh", "-c", "exit 5").returncode, 5)
        self.assertEqual(self.answer("state", container)["status"], "running")
        child.send_signal(signal.SIGCONT)
        child.stdin.write(b"\n")
        child.stdin.close()
        self.assertEqual(child.wait(30), 3)


MeddlingAlone, MeddlingServed = both_ways(Meddling)

if __name__ == "__main__":
    sys.exit(main())
