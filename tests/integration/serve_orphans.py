# SPDX-License-Identifier: Apache-2.0
"""A server that orphans come to: as pid 1 of a pid namespace, and as a subreaper. R-38"""

import os
import signal
import sys

from pathlib import Path

from harness import main, snapshot
from harness.process import Deadline, wait_pidfd
from harness.serve import ServeCase

# What runs the program that follows as a subreaper.
_SUBREAPER = (sys.executable, "-c", "import ctypes, os, sys; "
              "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])")
_PID_1 = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


class Orphans(ServeCase):

    def orphaning_runtime(self):
        """Each `start` leaves a process behind, which holds the fifo open until it ends."""
        held = self.space.fifo("held")
        path = self.space.file("runtime")
        Path(path).write_text(
            "#!/bin/sh\ncase \" $* \" in *\" start \"*) (sleep 0.3 > " + held + " &);; esac\n"
            f"exec {self.runtime.path} \"$@\"\n", encoding="utf-8")
        os.chmod(path, 0o755)
        return path, os.open(held, os.O_RDONLY | os.O_NONBLOCK)

    def live(self, server):
        """A container from start to end, beside an orphan of the server's."""
        client = server.connect()
        client.call("events")
        runtime, held = self.orphaning_runtime()
        container = self.space.new_id()
        client.call("start", id=container, bundle=self.space.shell("exec sleep 1000").path,
                    runtime=runtime)
        client.call("exec", id=container, process="e", args=["/bin/sh", "-c", "exit 4"])
        self.assertEqual(client.wait_event("exit", container, "e")["status"], 4)
        os.set_blocking(held, True)
        self.assertEqual(os.read(held, 1), b"", "the orphan has ended")
        os.close(held)
        client.call("kill", id=container, signal=9)
        self.assertEqual(client.wait_event("exit", container, "init")["status"], 137)

    def assert_no_zombies(self, server):
        deadline = Deadline(what="every zombie to be waited for")
        while True:
            table = snapshot.processes()
            zombies = [pid for pid in snapshot.descendants(server.pid, table)
                       if table[pid][1] == "Z"]
            if not zombies:
                return
            self.assertGreater(deadline.remaining, 0, zombies)

    def test_as_pid_1(self):
        server = self.serve(wrapper=_PID_1)
        self.live(server)
        self.assert_no_zombies(server)
        first, = (pid for pid, (parent, _, _) in snapshot.processes().items()
                  if parent == server.pid)
        os.kill(first, signal.SIGTERM)
        self.assertEqual(server.child.wait(30), 0)

    def test_as_a_subreaper(self):
        """Its containers live on when it stops."""
        server = self.serve(wrapper=_SUBREAPER)
        self.live(server)
        self.assert_no_zombies(server)
        client = server.connect()
        container = self.space.new_id()
        client.call("start", id=container, bundle=self.space.shell("exec sleep 1000").path)
        self.assertEqual(server.stop(), 0)
        server = self.serve(wrapper=_SUBREAPER)
        client = server.connect()
        client.call("events")
        client.call("kill", id=container, signal=9)
        self.assertEqual(client.wait_event("exit", container, "init")["status"], 137)
        self.assert_no_zombies(server)
        self.assertEqual(server.stop(signal.SIGINT), 0)

    def test_the_one_that_waits_is_killed(self):
        """The other one stops as if it had been asked to; nobody serves on unseen."""
        server = self.serve(wrapper=_SUBREAPER)
        other, = (pid for pid, (parent, _, _) in snapshot.processes().items()
                  if parent == server.pid)
        server.kill()
        wait_pidfd(other, Deadline(what="the server to stop"))
        self.assertIn("stopping", server.log())
        self.assertFalse(os.path.exists(server.socket_path))

    def test_the_one_that_serves_is_killed(self):
        server = self.serve(wrapper=_SUBREAPER)
        other, = (pid for pid, (parent, _, _) in snapshot.processes().items()
                  if parent == server.pid)
        os.kill(other, signal.SIGKILL)
        self.assertEqual(server.child.wait(30), 128 + signal.SIGKILL)
        os.unlink(server.socket_path)


if __name__ == "__main__":
    sys.exit(main())
