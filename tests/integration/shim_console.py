# SPDX-License-Identifier: Apache-2.0
"""The console socket: a directory of its own, gone on every path (D9), and whatever a runtime does
with it, an answer in bounded time (D4)."""

import os
import select
import signal
import stat
import sys

from harness import DEADLINE, SHARED_PID, Deadline, main, parametrised
from harness.process import wait_fd
from harness.shim_case import ShimCase, Stdio

_REFUSALS = {
    "refuses": {"exit": 1},
    "dies": {"signal": int(signal.SIGKILL)},
    "connects_and_refuses": {"console": "pty", "pid": None, "init": ["true"]},
    "sends_no_descriptor": {"console": "garbage", "init": ["true"]},
    "sends_a_file": {"console": "file", "init": ["true"]},
    "sends_two_terminals": {"console": "two", "init": ["true"]},
    "never_connects_and_its_process_ends": {"console": "never", "init_exit": 3},
}


class Directory(ShimCase):

    def sockets(self):
        return [name for name in os.listdir(self.space.tmp)
                if stat.S_ISDIR(os.stat(os.path.join(self.space.tmp, name)).st_mode)]

    def spawned_with(self, script, stdio=Stdio(), **settings):
        bundle = self.space.bundle("x", terminal=True, namespaces=SHARED_PID)
        container = self.container(bundle, **(self.fake_runtime({"create": script}) | settings))
        return container, self.spawned(container, stdio)

    def assert_failed(self, container, code):
        """Without a trace of a process, or of the socket."""
        process = container.init
        self.assertEqual(process.shim.wait(DEADLINE), code)
        self.assertEqual(self.sockets(), [])
        self.assertEqual(len(self.errors(process)), code)
        self.assertFalse((process.directory / "pid").exists())
        self.assertFalse((process.directory / "exitStatus").exists())
        process.close()
        container.runtime = "/bin/true"
        container.remove()

    @parametrised({name: (script,) for name, script in _REFUSALS.items()})
    def test_gone_when_the_runtime(self, script):
        refused = script.get("exit") or "signal" in script
        container, _ = self.spawned_with(script)
        self.assert_failed(container, 0 if refused else 1)

    def test_gone_when_there_is_no_runtime(self):
        container, _ = self.spawned_with({}, runtime="/no/such/runtime")
        self.assert_failed(container, 1)

    def test_gone_when_stdio_is_missing(self):
        container, _ = self.spawned_with({}, Stdio(stdout="/no/such/file"))
        self.assert_failed(container, 1)

    def test_gone_when_the_shim_is_told_to_end(self):
        """While create runs, and the directory is there."""
        here, gate = self.space.fifo("here"), self.space.fifo("gate")
        container, process = self.spawned_with({"notify": here, "wait": gate})
        os.close(os.open(here, os.O_RDONLY))
        name, = self.sockets()
        mode = os.stat(os.path.join(self.space.tmp, name)).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o700)
        process.shim.terminate()
        self.assert_failed(container, 1)

    def test_gone_once_the_terminal_has_arrived(self):
        """By the time that `pid` can be read. The process is on it, and its size was set."""
        keys, out = self.input(), self.output()
        init = ["sh", "-c", "stty size; read line; echo got $line; exit 4"]
        container, process = self.spawned_with({"console": "pty", "init": init},
                                               Stdio(keys.path, out.path))
        process.resize(10, 10)
        process.resize(91, 17)
        process.await_pid()
        self.assertEqual(self.sockets(), [])
        keys.write(b"abc\n")
        out.read_until(b"got abc")
        self.assertEqual(self.finish(container, [out]), 4)

    def test_terminal_that_arrives_late(self):
        """After create has returned, from somebody else: until then there is no `pid`."""
        gate, out = self.space.fifo("gate"), self.output()
        container, process = self.spawned_with(
            {"console": "late", "late": gate, "init": ["sh", "-c", "echo up; exit 5"]},
            Stdio("/dev/null", out.path))
        os.close(os.open(gate, os.O_WRONLY))
        process.await_pid()
        self.assertEqual(self.sockets(), [])
        out.read_until(b"up")
        self.assertEqual(self.finish(container, [out]), 5)


class Moments(ShimCase):

    def children(self, shim, count):
        """The numbers of the shim's children, once there are so many."""
        deadline = Deadline(what=f"{count} children of the shim")
        while True:
            with open(f"/proc/{shim}/task/{shim}/children", encoding="utf-8") as source:
                found = [int(word) for word in source.read().split()]
            if len(found) == count and all(self.runs_no_runtime(pid) for pid in found):
                return found
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()

    def runs_no_runtime(self, pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
                return int(source.read().rpartition(")")[2].split()[3]) == pid  # its session
        except (FileNotFoundError, ProcessLookupError):
            return False

    def test_process_that_ends_at_the_same_time(self):
        """Its terminal is on its way, and it has ended, when the shim looks: it counts as arrived.
        The shim is stopped for as long as both take to happen."""
        arrive, end, out = self.space.fifo("arrive"), self.space.fifo("end"), self.output()
        bundle = self.space.bundle("x", terminal=True, namespaces=SHARED_PID)
        container = self.container(bundle, **self.fake_runtime({"create": {
            "console": "late", "late": arrive, "init": ["sh", "-c", f"read x < {end}; exit 6"]}}))
        process = self.spawned(container, Stdio("/dev/null", out.path))
        children = self.children(process.shim.pid, 2)  # the sender and the process
        process.shim.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.shim.pid, os.WSTOPPED)
        ends = [os.pidfd_open(pid) for pid in children]
        for gate in (arrive, end):
            os.close(os.open(gate, os.O_WRONLY))
        for fd in ends:
            wait_fd(fd, select.POLLIN, Deadline(what="the sender's and the process's end"))
            os.close(fd)
        process.shim.send_signal(signal.SIGCONT)
        process.await_pid()
        self.assertEqual(self.finish(container, [out]), 6)


class Sizes(ShimCase):

    def test_resize_before_the_shim_runs(self):
        """The message waits in the FIFO, and of several the last one counts (R-51)."""
        out = self.output()
        bundle = self.space.shell("stty size", terminal=True)
        container = self.container(bundle)
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(bundle.process, Stdio(stdout=out.path), False))
        self.addCleanup(process.close)
        for width in range(1, 120):
            process.resize(width, 40)
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        process.await_pid()
        container.start()
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(out.data.replace(b"\r\n", b"\n"), b"40 119\n")


if __name__ == "__main__":
    sys.exit(main())
