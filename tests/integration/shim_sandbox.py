# SPDX-License-Identifier: Apache-2.0
"""The sandbox around a shim that has nothing left to run: what it takes away, and that everything a
shim has to do still works inside. A system call too many ends the shim by SIGSYS, which no test
here would survive."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness import Deadline, SHARED_PID, main, only_with
from harness.process import wait_reaped
from harness.shim_case import ShimCase, Stdio, collect

_CAP_KILL = 1 << 5
_WAIT_FOR_EOF = "cat; echo closed; exec sleep 1000"


def status_of(pid):
    """/proc/PID/status as a dictionary."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


class Sandboxed(ShimCase):

    def sealed(self, script, stdio=Stdio(), user=0, **options):
        bundle = self.space.shell(script, **options)
        bundle.process["user"] = {"uid": user, "gid": user}
        return self.launched(bundle.write(), stdio, extra={"sealed": True})

    def ended(self, container, outputs=()):
        """As finish(), after checking that the shim has come to its own end and has not complained.
        """
        collect(list(outputs))
        status = container.init.wait()
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertEqual(self.shim_log(container.init), [])
        container.remove()
        return status


class Confinement(Sandboxed):

    def assert_confined(self, pid):
        status = status_of(pid)
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(status["Seccomp_filters"],
                         str(int(status_of(os.getpid())["Seccomp_filters"]) + 1))
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Threads"], "1")
        for name in ("CapEff", "CapPrm"):
            self.assertEqual(int(status[name], 16), _CAP_KILL, name)
        for name in ("CapInh", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)

    def streams(self):
        source, out = self.input(), self.output()
        return source, out, Stdio(source.path, out.path)

    def await_confined(self, process, source, out):
        """`pid` comes first, then the sandbox, then anything that is asked for by `control`."""
        source.close()
        process.close_stdin()
        out.read_until(b"closed")
        self.assert_confined(process.shim.pid)

    def test_sealed_init(self):
        source, out, stdio = self.streams()
        container = self.sealed(_WAIT_FOR_EOF, stdio)
        self.await_confined(container.init, source, out)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.ended(container, [out]), 137)

    def test_exec_of_any_container(self):
        """No runtime call remains to be made for an exec, sealed or not; its container's shim has
        some, so it stays as it is."""
        source, out, stdio = self.streams()
        bundle = self.space.shell("exec sleep 1000")
        container = self.launched(bundle)
        process = container.exec("extra", self.exec_spec(bundle, "/bin/sh", "-c", _WAIT_FOR_EOF),
                                 stdio)
        self.await_confined(process, source, out)
        status = status_of(container.init.shim.pid)
        self.assertEqual(status["Seccomp"], status_of(os.getpid())["Seccomp"])
        process.kill(signal.SIGKILL)
        self.assertEqual(process.wait(), 137)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)


class Work(Sandboxed):

    def test_a_whole_life(self):
        """Both directions, large enough for pipes to grow; a reader that leaves and comes back,
        early and late control messages, bad ones among them; a stop by job control."""
        source, out, err = self.input(), self.output(), self.output()
        container = self.sealed("cat; echo sorry >&2; exit 17",
                                Stdio(source.path, out.path, err.path))
        shim = container.init.shim
        container.init.control("rubbish\n1 80 24\n")
        data = os.urandom(1 << 22)
        half = len(data) // 2
        self.carry(source, out, data[:half])
        out.close()  # nobody reads now, and what comes is kept
        source.write(data[half:half + 1000])
        out.reopen()
        shim.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, shim.pid, os.WSTOPPED)
        shim.send_signal(signal.SIGCONT)
        self.carry(source, out, data[half + 1000:])
        container.init.close_stdin()
        source.close()
        collect([out, err])
        self.assertEqual(container.init.wait(), 17)
        self.assertEqual(shim.returncode, 0)
        self.assertEqual((out.data, err.data), (data, b"sorry\n"))
        record = json.loads((container.init.directory / "exit.json").read_text())
        self.assertEqual(record["streams"]["stdout"], {"read": len(data), "delivered": len(data)})
        self.assertEqual([entry["step"] for entry in self.shim_log(container.init)], ["control"])
        container.remove()

    def carry(self, source, out, data):
        """Writes while reading, because the pipes hold less than that."""
        os.set_blocking(source.fd, False)
        deadline = Deadline(what="carrying data")
        while data:
            poller = select.poll()
            poller.register(source.fd, select.POLLOUT)
            poller.register(out.fd, select.POLLIN)
            for fd, _ in poller.poll(deadline.remaining * 1000):
                if fd == out.fd:
                    out.data += os.read(out.fd, 1 << 20)
                else:
                    try:
                        data = data[os.write(source.fd, data[:1 << 16]):]
                    except BlockingIOError:
                        continue

    def test_terminal(self):
        """Sizes, and output that comes without end of file."""
        keys, out = self.input(), self.output()
        container = self.sealed("stty -echo; echo ready; read line; stty size; seq 100000; exit 3",
                                Stdio(keys.path, out.path, ""), terminal=True)
        out.read_until(b"ready")
        container.init.resize(90, 30)
        keys.write(b"\n")
        self.assertEqual(self.ended(container, [out]), 3)
        self.assertIn(b"30 90", out.data)
        self.assertTrue(out.data.rstrip().endswith(b"\n100000"))

    def test_files(self):
        """What cannot be spliced; and a disk that is full."""
        path = self.space.file("log", b"old\n")
        container = self.sealed("echo new; echo lost >&2", Stdio(stdout=path, stderr="/dev/full"))
        self.assertEqual(container.init.wait(), 0)
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertEqual(Path(path).read_bytes(), b"old\nnew\n")
        self.assertEqual([entry["step"] for entry in self.shim_log(container.init)], ["relay"])
        container.remove()

    def test_orphans(self):
        """Without a pid namespace of the container's own they come to the shim (R-38)."""
        out = self.output()
        container = self.sealed("sh -c 'sleep 1000 & echo $!'; exec sleep 1000",
                                Stdio(stdout=out.path), namespaces=SHARED_PID)
        orphan = int(out.read_until(b"\n"))
        os.kill(orphan, signal.SIGKILL)
        wait_reaped(orphan)
        os.kill(container.init.pid, signal.SIGKILL)
        self.assertEqual(self.ended(container, [out]), 137)

    def test_terminate_another_user(self):
        """SIGTERM goes on to a process that is not root's: what CAP_KILL is kept for."""
        out = self.output()
        container = self.sealed("trap 'exit 22' TERM; echo up; sleep 1000 & wait",
                                Stdio(stdout=out.path), user=1000)
        out.read_until(b"up")
        container.init.shim.terminate()
        self.assertEqual(self.ended(container, [out]), 22)

    @only_with("runc", "ten seconds, in which there is nothing for the runtime to do")
    def test_terminate_the_stubborn(self):
        """Who repeats himself does not put the end off (R-59)."""
        out = self.output()
        container = self.sealed("trap '' TERM; echo up; while :; do sleep 1000; done",
                                Stdio(stdout=out.path))
        out.read_until(b"up")
        shim = container.init.shim
        begin = time.monotonic()
        while True:
            shim.terminate()
            try:
                shim.wait(1)
                break
            except subprocess.TimeoutExpired:
                self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual(self.ended(container, [out]), 137)


if __name__ == "__main__":
    sys.exit(main())
