# SPDX-License-Identifier: Apache-2.0
"""Shims that die before their process: every row of the containerd 0.2 contract's table, and what
the kernel knows beyond it."""

import json
import os
import signal
import sys

from harness import main
from harness.bundle import SHARED_PID
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.process import DEADLINE, Deadline, kernel_tells_strangers, wait_pidfd, wait_reaped

_KILLED = 128 + signal.SIGKILL
_UNKNOWN = 255

# Inherits orphans, and waits for none of them before it is asked to by SIGUSR1.
_BAD_PARENT = """import ctypes, os, signal, subprocess, sys
def wait_for_all(*_):
    while os.waitpid(-1, os.WNOHANG)[0]:
        pass
signal.signal(signal.SIGUSR1, wait_for_all)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
sys.exit(subprocess.call(sys.argv[1:]))"""


def _parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
        return int(source.read().rpartition(")")[2].split()[1])


class LostShims(CoreCase):

    def start(self, supervisor, **params):
        params.setdefault("bundle", self.bundle())
        return supervisor.call("start", id=self.id, **params)["pid"]

    def exec(self, supervisor, process, *args):
        return supervisor.call("exec", id=self.id, process=process,
                               args=list(args or ("/bin/sleep", "1000")))["pid"]

    def path(self, name, process="init"):
        return self.directory / process / name

    def kill_shim_of(self, pid):
        """The parent of a process; returns when it has gone."""
        shim = _parent(pid)
        os.kill(shim, signal.SIGKILL)
        wait_pidfd(shim, Deadline(DEADLINE, "the shim to die"))

    def finish(self, supervisor, exits):
        """Waits for the init's exit and compares all exits with `exits`."""
        supervisor.wait_event("exit", self.id, "init")
        supervisor.end()
        events = self.history()
        self.assertEqual([event[1:] for event in events if event[0] == "exit"], exits)
        self.assert_invariants(events)
        self.assert_nothing_left()

    # -- While the supervisor lives.

    def test_of_an_init(self):
        supervisor = self.supervisor()
        pid = self.start(supervisor)
        self.kill_shim_of(pid)
        self.finish(supervisor, [("init", _KILLED)])
        wait_pidfd(pid, Deadline(0.1, "the process to have gone before its exit was published"))

    def test_of_an_exec(self):
        """The exec dies; the container lives on, and takes other execs."""
        supervisor = self.supervisor()
        self.start(supervisor)
        self.kill_shim_of(self.exec(supervisor, "e"))
        supervisor.wait_event("exit", self.id, "e")
        self.exec(supervisor, "f", "/bin/sh", "-c", "exit 6")
        supervisor.wait_event("exit", self.id, "f")
        supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.finish(supervisor, [("e", _KILLED), ("f", 6), ("init", _KILLED)])

    def test_of_an_exec_that_nobody_waits_for(self):
        """Its exit is told without that: the kernel shows how a zombie has ended."""
        supervisor = self.supervisor(via=(sys.executable, "-c", _BAD_PARENT))
        self.start(supervisor)
        pid = self.exec(supervisor, "e")
        self.kill_shim_of(pid)
        supervisor.wait_event("exit", self.id, "e")
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            self.assertEqual(stat.read().rpartition(")")[2].split()[0], "Z")
        os.kill(_parent(pid), signal.SIGUSR1)  # an init cannot end before all in its namespace have
        supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.finish(supervisor, [("e", _KILLED), ("init", _KILLED)])

    @parametrised({"private": (None,), "shared": (SHARED_PID,)})
    def test_of_an_init_with_execs(self, namespaces):
        """In a shared pid namespace nobody but we kills the execs. What they die of has nothing to
        do with them, so clients expect 255 (D79)."""
        supervisor = self.supervisor()
        bundle = self.space.shell("sleep 1001 & exec sleep 1000", namespaces=namespaces)
        pid = self.start(supervisor, bundle=bundle.path)
        for process in ("e", "f"):
            self.exec(supervisor, process)
        self.kill_shim_of(pid)
        supervisor.wait_event("exit", self.id, "init")
        exits = sorted(event[1:] for event in self.history()[3:])
        self.assertEqual(exits, [("e", _UNKNOWN), ("f", _UNKNOWN), ("init", _KILLED)])
        self.finish(supervisor, [event[1:] for event in self.history()[3:]])

    def test_of_a_frozen_container(self):
        supervisor = self.supervisor()
        pid = self.start(supervisor)
        self.assertEqual(self.runtime.call("pause", self.id).returncode, 0)
        self.kill_shim_of(pid)
        self.finish(supervisor, [("init", _KILLED)])

    def test_that_had_not_seen_the_exit(self):
        """The process has ended by itself while its shim was stopped: nobody has killed it, and the
        kernel, if it is not an old one, still knows how it ended (R-8)."""
        supervisor = self.supervisor()
        gate = os.path.join(self.space.rootfs, "etc/gate")
        os.mkfifo(gate)
        pid = self.start(supervisor, bundle=self.space.shell("read x < /etc/gate; exit 42").path)
        shim = _parent(pid)
        os.kill(shim, signal.SIGSTOP)
        open(gate, "wb").close()
        wait_pidfd(pid, Deadline(what="the process to end"))
        self.kill_shim_of(pid)
        self.finish(supervisor, [("init", 42 if kernel_tells_strangers() else _UNKNOWN)])

    def test_stopped_shim_slows_nobody(self):
        """Others start, run commands and end; its own process can still be killed, and even the
        container be deleted."""
        supervisor = self.supervisor()
        pid = self.start(supervisor)
        shim = _parent(pid)
        os.kill(shim, signal.SIGSTOP)
        other = self.space.new_id()
        supervisor.call("start", id=other, bundle=self.space.shell("exit 5").path)
        supervisor.wait_event("exit", other, "init")
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        supervisor.call("delete", id=self.id, force=True)
        self.finish(supervisor, [("init", _KILLED if kernel_tells_strangers() else _UNKNOWN)])

    # -- While there was none.

    def abandoned(self, *prepare):
        """A container whose supervisor has died, then its shim, and then everything in `prepare`."""
        supervisor = self.supervisor()
        pid = self.start(supervisor, bundle=self.space.shell("exec sleep 1000").path)
        supervisor.kill()
        for step in prepare:
            step(pid)
        return pid

    def adopted(self, status, *prepare):
        pid = self.abandoned(*prepare)
        self.finish(self.supervisor("adopt"), [("init", status)])
        return pid

    def die(self, pid):
        """And is waited for by whoever has inherited it; until then its status is still known."""
        os.kill(pid, signal.SIGKILL)
        wait_reaped(pid)

    def test_process_lives(self):
        """Whoever has inherited it: here, as under any subreaper, that is not process 1."""
        pid = self.adopted(_KILLED, self.kill_shim_of)
        wait_pidfd(pid, Deadline(0.1, "the process to have gone before its exit was published"))

    def test_process_lives_frozen(self):
        self.adopted(_KILLED, lambda _: self.runtime.call("pause", self.id), self.kill_shim_of)

    def test_process_has_gone(self):
        """Nobody has its status any more."""
        self.adopted(_UNKNOWN, self.kill_shim_of, self.die)

    def test_process_has_gone_and_somebody_has_its_number(self):
        """Told by the start time; the somebody is left alone."""
        stranger = self.spawn(["sleep", "1000"])

        def reuse(_):
            self.path("pid").write_text(str(stranger.pid), encoding="utf-8")
        self.adopted(_UNKNOWN, self.kill_shim_of, self.die, reuse)
        self.assertIsNone(stranger.poll())
        stranger.kill()
        stranger.wait()

    def test_number_of_somebody_without_a_start_time(self):
        """The contract would kill whoever has the number; we want to be certain."""
        stranger = self.spawn(["sleep", "1000"])

        def reuse(_):
            self.path("pid").write_text(str(stranger.pid), encoding="utf-8")
            self.path("starttime").unlink()
        self.adopted(_UNKNOWN, self.kill_shim_of, self.die, reuse)
        self.assertIsNone(stranger.poll())
        stranger.kill()
        stranger.wait()

    def test_process_lives_without_a_start_time(self):
        """As a containerd 0.2 may leave it: found by its shim, or killed by way of the runtime."""
        pid = self.abandoned(lambda _: self.path("starttime").unlink())
        supervisor = self.supervisor("adopt")
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        self.kill_shim_of(pid)
        self.finish(supervisor, [("init", _KILLED)])

    @parametrised({"empty": ("", _KILLED), "garbage": ("abc", _UNKNOWN), "newline": ("7\n", 7),
                   "too_large": ("4294967296", _UNKNOWN), "negative": ("-1", _UNKNOWN)})
    def test_exit_status(self, text, status):
        """An empty file says nothing; what says something wrong is unknown, not 0 (D50)."""
        self.adopted(status, self.kill_shim_of,
                     lambda _: self.path("exitStatus").write_text(text, encoding="utf-8"))

    def test_exec_lives_without_a_start_time(self):
        """Told by where it lives: in the container."""
        supervisor = self.supervisor()
        self.start(supervisor)
        pid = self.exec(supervisor, "e")
        supervisor.kill()
        self.path("starttime", "e").unlink()
        self.kill_shim_of(pid)
        successor = self.supervisor("adopt")
        successor.wait_event("exit", self.id, "e")
        wait_pidfd(pid, Deadline(0.1, "the process to have gone before its exit was published"))
        successor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.finish(successor, [("e", _KILLED), ("init", _KILLED)])

    # -- What is written down.

    @parametrised({"lives": (False, _KILLED, "kernel"), "gone": (True, _UNKNOWN, "synthesised")})
    def test_record_says_who_says_so(self, gone, status, origin):
        pid = self.abandoned(self.kill_shim_of, *((self.die,) if gone else ()))
        supervisor = self.supervisor("oneshot")
        self.assertEqual(supervisor.call("wait", id=self.id), {"exitStatus": status})
        record = json.loads(self.path("exit.json").read_text(encoding="utf-8"))
        told = origin == "kernel" and kernel_tells_strangers()
        self.assertEqual(record["origin"], "kernel" if told else "synthesised")
        self.assertEqual(self.path("exitStatus").read_text(encoding="utf-8"), str(status))
        self.assertEqual(supervisor.call("wait", id=self.id), {"exitStatus": status})
        supervisor.call("delete", id=self.id)
        supervisor.end()
        wait_pidfd(pid, Deadline(0.1, "the process to have gone"))
        self.assert_nothing_left()


if __name__ == "__main__":
    sys.exit(main())
