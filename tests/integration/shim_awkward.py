# SPDX-License-Identifier: Apache-2.0
"""Processes that make it hard to say when they have ended (tests/support/awkward_child)."""

import os
import shutil
import signal
import sys

from harness import SHARED_PID, Deadline, main
from harness.shim_case import ShimCase, Stdio

_CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support/awkward_child")


class Awkward(ShimCase):

    def setUp(self):
        super().setUp()
        shutil.copy(_CHILD, f"{self.space.rootfs}/bin/awkward_child")
        self.release = f"{self.space.rootfs}/etc/release"
        os.mkfifo(self.release)

    def awkward(self, *arguments, **options):
        return self.space.bundle("/bin/sh", "/bin/awkward_child", *arguments, **options)

    def let_go(self):
        os.close(os.open(self.release, os.O_WRONLY))

    def holder(self):
        """A container to run others in."""
        out = self.output()
        bundle = self.space.shell("echo up; exec sleep 1000")
        container = self.launched(bundle, Stdio(stdout=out.path))
        out.read_until(b"up")
        return container, out

    def exec(self, container, *arguments, stdio=Stdio()):
        spec = self.exec_spec(self.awkward(), "/bin/sh", "/bin/awkward_child", *arguments)
        return container.exec("extra", spec, stdio)

    def test_flood(self):
        """64 times what a pipe holds."""
        outcome = self.run_container(self.awkward("flood", "4096"))
        self.assertEqual((outcome.status, len(outcome.stdout)), (5, 4096 * 1024))

    def test_orphan_of_an_exec(self):
        """It is the container's business, not the exec's."""
        container, out = self.holder()
        self.assertEqual(self.exec(container, "double-fork", "/etc/release").wait(), 3)
        self.let_go()
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_orphan_in_the_hosts_pid_namespace(self):
        """`kill --all` ends it with its container."""
        container = self.launched(self.awkward("double-fork", "/etc/release",
                                               namespaces=SHARED_PID))
        self.assertEqual(self.finish(container), 3)

    def test_child_of_an_exec_holds_stdout(self):
        """Its last words arrive before the hang-up, however late; the status does not wait."""
        container, out = self.holder()
        exec_out = self.output()
        process = self.exec(container, "hold-stdout", "/etc/release",
                            stdio=Stdio(stdout=exec_out.path))
        self.await_status(process, "4")
        with self.assertRaises(TimeoutError):
            process.await_hangup(0.2)
        self.let_go()
        self.assertEqual(process.wait(), 4)
        self.assertEqual(exec_out.read_until(b"\n"), b"released\n")
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def stopped(self):
        out = self.output()
        container = self.launched(self.awkward("stopped", namespaces=SHARED_PID),
                                  Stdio(stdout=out.path))
        out.read_until(b"stopping")
        deadline = Deadline(what="the container to stop")
        while self.state(container.init.pid) != "T":
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()
        self.assertFalse((container.init.directory / "exitStatus").exists())
        return container, out

    def state(self, pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
            return source.read().rpartition(")")[2].split()[0]

    def test_stopped_is_not_ended(self):
        """A stop is reported to the parent too, but it is no exit."""
        container, out = self.stopped()
        container.init.kill(signal.SIGCONT)
        self.assertEqual(self.finish(container, [out]), 6)

    def test_killed_while_stopped(self):
        container, out = self.stopped()
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_ignores_sigterm(self):
        """Passed on once, and then it is up to the container."""
        keys, out = self.input(), self.output()
        container = self.launched(self.awkward("ignore-term"), Stdio(keys.path, out.path))
        out.read_until(b"ignoring")
        container.init.kill(signal.SIGTERM)
        with self.assertRaises(TimeoutError):
            container.init.await_hangup(0.2)
        container.init.close_stdin()
        keys.close()
        self.assertEqual(self.finish(container, [out]), 0)


if __name__ == "__main__":
    sys.exit(main())
