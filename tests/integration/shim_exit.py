# SPDX-License-Identifier: Apache-2.0
"""How a process's end is recorded and announced."""

import json
import os
import select
import signal
import sys

from harness import SHARED_PID, Deadline, main, parametrised
from harness.process import wait_fd, wait_reaped
from harness.shim_case import ShimCase, Stdio


class ExitStatus(ShimCase):

    @parametrised({str(code): (code,) for code in (0, 1, 42, 126, 127, 128, 254, 255)})
    def test_code(self, code):
        """Every code is recorded as it is."""
        self.assertEqual(self.run_container(self.space.shell(f"exit {code}")).status, code)

    @parametrised({name: (getattr(signal, name),)
                   for name in ("SIGKILL", "SIGTERM", "SIGHUP", "SIGSEGV", "SIGUSR2")})
    def test_death_by(self, number):
        """A signalled process is 128 + n."""
        out = self.output()
        bundle = self.space.shell("echo up; exec sleep 1000", namespaces=SHARED_PID)
        container = self.launched(bundle, Stdio(stdout=out.path))
        out.read_until(b"up")
        container.init.kill(number)
        self.assertEqual(self.finish(container), 128 + number)

    def test_status_and_pid_are_bare_numbers(self):
        """No newline: a containerd 0.2 daemon would publish status 0 for one."""
        container = self.launched(self.space.shell("exit 7"))
        pid = container.init.pid
        container.init.await_hangup()
        directory = container.init.directory
        self.assertEqual((directory / "exitStatus").read_bytes(), b"7")
        self.assertEqual((directory / "pid").read_bytes(), str(pid).encode())
        self.finish(container)

    def test_exit_record(self):
        """exit.json says more than the number: who was waited for, and what it used."""
        out = self.output()
        container = self.launched(self.space.shell("echo 12345; exit 9"), Stdio(stdout=out.path))
        container.init.await_hangup()
        record = json.loads((container.init.directory / "exit.json").read_text())
        self.assertEqual(record["code"], 9)
        self.assertEqual(record["origin"], "shim")
        self.finish(container, [out])

    def test_shim_ends_with_0_and_logs_nothing(self):
        """Not even the warning about a pipe that the original wrote into nearly every log."""
        container = self.launched(self.space.shell("exit 3"))
        container.init.await_hangup()
        self.assertEqual(container.init.shim.wait(), 0)
        self.assertEqual(self.shim_log(container.init), [])
        self.assertEqual(self.finish(container), 3)


class ExitFifo(ShimCase):

    def test_status_is_there_before_the_hangup(self):
        """Whoever is told by the hang-up finds the number; twenty times, as it is a race."""
        for _ in range(20):
            container = self.launched(self.space.bundle("/bin/true"))
            container.init.await_hangup()
            self.assertEqual((container.init.directory / "exitStatus").read_text(), "0")
            self.finish(container)

    def test_no_hangup_while_it_runs(self):
        """Nor any data, ever."""
        out = self.output()
        container = self.launched(self.space.shell("echo up; exec sleep 1000"),
                                  Stdio(stdout=out.path))
        out.read_until(b"up")
        poller = select.poll()
        poller.register(container.init._exit_fd, select.POLLIN)
        self.assertEqual(poller.poll(0), [])
        container.init.kill(signal.SIGKILL)
        self.assertEqual(wait_fd(container.init._exit_fd, select.POLLIN, Deadline()),
                         select.POLLHUP)
        self.finish(container, [out])

    def test_container_does_not_hold_it(self):
        """An orphan that closes nothing must not delay the news."""
        out = self.output()
        bundle = self.space.shell("sleep 1000 & echo up; exec sleep 1000")
        container = self.launched(bundle, Stdio(stdout=out.path))
        out.read_until(b"up")
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_end_before_start(self):
        """Killed between create and start."""
        container = self.launched(self.space.bundle("/bin/true"), start=False)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container), 137)

    def test_runtime_has_forgotten_it_at_the_hangup(self):
        """The shim has deleted the container before it announces the end."""
        container = self.launched(self.space.bundle("/bin/true"))
        container.init.await_hangup()
        self.assertIsNone(self.runtime.state(container.id))
        self.finish(container)


class SharedPidNamespace(ShimCase):

    def test_survivors_are_killed(self):
        """Without a pid namespace of its own nothing dies with init by itself."""
        out = self.output()
        bundle = self.space.shell("sleep 1000 & echo $!; exec sleep 1001",
                                  namespaces=SHARED_PID)
        container = self.launched(bundle, Stdio(stdout=out.path))
        survivor = int(out.read_until(b"\n"))
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)
        self.assertFalse(os.path.exists(f"/proc/{survivor}"))

    def test_fork_storm(self):
        """Survivors that fork while they are being killed: the exit is announced, and nobody is
        left."""
        storm = "for i in $(seq 20); do (while :; do (:) & (:) & wait; done) & done"
        bundle = self.space.shell(f"{storm}; exec sleep 1000", namespaces=SHARED_PID)
        bundle.config["linux"]["resources"]["pids"] = {"limit": 200}
        container = self.launched(bundle.write())
        members = self.await_members(container.init.pid, 20)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(container.init.wait(90), 137)  # two calls of the runtime, in a storm
        container.remove()
        self.assertFalse(os.path.exists(members))

    def await_members(self, pid, count):
        """Waits until the process's cgroup has so many, and returns the file that lists them."""
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as source:
            paths = dict(line.rstrip("\n").split(":", 2)[1:] for line in source)
        path = f"/pids{paths['pids']}" if "pids" in paths else paths[""]
        members, deadline = f"/sys/fs/cgroup{path}/cgroup.procs", Deadline(what="a fork storm")
        while True:
            with open(members, encoding="utf-8") as source:
                if len(source.readlines()) >= count:
                    return members
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()

    def test_orphans_are_reaped(self):
        """They come to the shim, which is a subreaper; a zombie would stay for the shim's life."""
        out, go_on = self.output(), self.input()
        bundle = self.space.shell("(true & echo $! >&3) 3>&1; read line; echo over",
                                  namespaces=SHARED_PID)
        container = self.launched(bundle, Stdio(go_on.path, out.path))
        orphan = int(out.read_until(b"\n").split()[0])
        wait_reaped(orphan)
        go_on.write(b"\n")
        go_on.close()
        self.assertEqual(self.finish(container, [out]), 0)


if __name__ == "__main__":
    sys.exit(main())
