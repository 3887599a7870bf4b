# SPDX-License-Identifier: Apache-2.0
"""A shim that dies or is told to end."""

import os
import select
import shutil
import signal
import sys
import time

from harness import Deadline, main, only_with, strace
from harness.process import wait_pidfd
from harness.shim_case import ShimCase, Stdio

_DELAY = 3_000_000  # microseconds, in which the shim is found to have a child and is killed


class Killed(ShimCase):

    def test_while_it_runs(self):
        """SIGKILL: the hang-up comes, no status does, and the container is somebody else's to end
        (a daemon does it at once, or at its next start)."""
        out = self.output()
        container = self.launched(self.space.shell("echo up; exec sleep 1000"),
                                  Stdio(stdout=out.path))
        out.read_until(b"up")
        process = container.init
        process.shim.kill()
        process.await_hangup()
        self.assertEqual(self.runtime.state(container.id)["status"], "running")
        self.assertFalse((process.directory / "exitStatus").exists())
        process.kill(signal.SIGKILL)
        wait_pidfd(process.pid, Deadline(what="the container's end"))
        self.assertEqual(process.wait(), 137)
        container.remove()

    def test_while_the_runtime_creates(self):
        """The runtime dies with its shim (it would create a container for nobody)."""
        here, gate = self.space.fifo("here"), self.space.fifo("gate")
        container = self.container(self.space.bundle("x"), **self.fake_runtime(
            {"create": {"notify": here, "wait": gate}}))
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"], Stdio(), False))
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        with open(here, "rb"):  # opens once the runtime is there
            runtime = self.fake_calls()[0]["pid"]
        process.shim.kill()
        wait_pidfd(runtime, Deadline(what="the runtime's end"))
        process.await_hangup()
        self.assertEqual(process.wait(), 137)
        container.remove()

    @only_with("runc", "no runtime is run")
    def test_before_the_runtime_could_know(self):
        """The shim dies when it has forked and its child has not yet asked to be told of that: the
        child finds a stranger for its parent and does not become the runtime."""
        if strace.STRACE is None:
            self.skipTest("strace is not installed")
        trace = self.space.file("trace")
        container = self.container(self.space.bundle("x"), runtime=self.logging_runtime(),
                                   env=strace.environment(self.space.environment))
        # For each of the two it is the first call of that name that waits before it takes effect.
        process = self.spawned(container, via=[
            strace.STRACE, "-D", "-f", "-qq", "-o", trace, "-e", "trace=prctl,execve",
            "-e", f"inject=prctl:delay_enter={_DELAY}:when=1", "--"])
        child = self.await_child(process.shim.pid)
        process.shim.kill()
        wait_pidfd(child, Deadline(what="the end of the child"))
        self.assertEqual(process.wait(), 137)
        with open(trace, encoding="utf-8") as lines:
            calls = [words for words in map(str.split, lines) if words[0] == str(child)]
        self.assertIn("prctl(PR_SET_PDEATHSIG,", calls[0])
        self.assertEqual([words[1] for words in calls if words[1].startswith("execve")], [])
        self.assertEqual(self.logged_calls(), [])
        shutil.rmtree(container.directory)

    def await_child(self, pid):
        """A second shim, for that is what it looks like yet. The kernel has no news of it."""
        deadline = Deadline(what=f"a child of {pid}")
        while deadline.remaining:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                pids = children.read().split()
            for child in pids:  # strace(1) has children as well
                if self.is_shim(child):
                    return int(child)
            os.sched_yield()

    def is_shim(self, pid):
        try:
            return os.path.samefile(f"/proc/{pid}/exe", self.shim_path)
        except OSError:  # it has ended meanwhile
            return False


class Terminated(ShimCase):

    def test_container_gets_the_signal(self):
        """SIGTERM goes on to the container, whose own status is recorded (R-59)."""
        out = self.output()
        script = "trap 'echo bye; exit 21' TERM; echo up; sleep 1000 & wait"
        container = self.launched(self.space.shell(script), Stdio(stdout=out.path))
        out.read_until(b"up")
        container.init.shim.terminate()
        self.assertEqual(self.finish(container, [out]), 21)
        self.assertTrue(out.data.endswith(b"bye\n"))

    def test_while_it_waits_for_a_reader(self):
        """Nothing was made, and that is said."""
        container = self.container(self.space.bundle("x"), runtime=self.logging_runtime())
        process = container.init = container.new_process("init")
        stdio = Stdio(stdout=self.space.fifo("lonely"))
        process.prepare(container.process_json(container._config()["process"], stdio, False))
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        process.control("0 0 0\n")
        self.await_read(process)
        process.shim.terminate()
        self.assertEqual(process.shim.wait(30), 1)
        process.close()
        self.assertEqual(len(self.errors(process)), 1)
        self.assertEqual(self.logged_calls(), [])
        container.remove()

    def await_read(self, process):
        """The shim reads control messages from its first turn of the loop on, so when ours is gone
        it has come that far."""
        deadline = Deadline(what="the control message to be read")
        poller = select.poll()
        poller.register(process._control_fd, select.POLLIN)
        while poller.poll(0):
            self.assertGreater(deadline.remaining, 0)

    @only_with("runc", "twelve seconds, in which there is little for the runtime to do")
    def test_frozen_container(self):
        """It cannot die, not even of SIGKILL, before it is thawed (R-58): an unsealed shim sees to
        that, a sealed one says what is wrong."""
        containers = {sealed: self.launched(self.space.shell("exec sleep 1000"),
                                            extra={"sealed": sealed}) for sealed in (False, True)}
        for container in containers.values():
            container.run_runtime("pause", container.id)
            container.init.shim.terminate()
        containers[False].init.await_hangup(30)
        self.await_warning(containers[True].init)
        containers[True].run_runtime("resume", containers[True].id)
        for container in containers.values():
            container.init.await_hangup(30)
            warning, = self.shim_log(container.init)
            self.assertIn("it may be frozen", warning["msg"])
            self.assertEqual(self.finish(container), 137)

    def await_warning(self, process):
        deadline = Deadline(30, "the warning")
        while not self.shim_log(process):  # appended to, of which nobody is told
            self.assertGreater(deadline.remaining, 0)
            time.sleep(0.1)

    @only_with("runc", "ten seconds, in which there is nothing for the runtime to do")
    def test_while_output_is_unread(self):
        """A reader that never comes does not keep a shim that was told to end (10 s, R-27)."""
        out = self.output()
        # More than the FIFO holds, less than FIFO and pipe together, so that the process can end.
        container = self.launched(self.space.shell("head -c 100000 /dev/zero; exit 4"),
                                  Stdio(stdout=out.path))
        self.await_status(container.init, "4")
        with self.assertRaises(TimeoutError):
            container.init.await_hangup(0.2)
        container.init.shim.terminate()
        self.assertEqual(self.finish(container), 4)


if __name__ == "__main__":
    sys.exit(main())
