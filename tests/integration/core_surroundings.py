# SPDX-License-Identifier: Apache-2.0
"""Where a supervisor may have to live: as the first process of a pid namespace, as an ordinary user,
with a second one in the same directory. (Below another subreaper it is in all of these tests: see
_adopt_orphans() in harness/case.py.)"""

import contextlib
import fcntl
import os
import select
import signal
import sys
from pathlib import Path

from driver import DirectoryWatch
from harness import main
from harness.bundle import SHARED_PID
from harness.case import only_with, parametrised
from harness.core_case import CoreCase
from harness.process import Deadline, as_user, free_uid, wait_fd
from harness.snapshot import descendants, processes
from harness.supervise import CallError


class Surroundings(CoreCase):

    def live(self, supervisor, bundle):
        """A life with two execs; one of them, and then the container, lose their shims."""
        supervisor.call("start", id=self.id, bundle=bundle.path)
        supervisor.call("exec", id=self.id, process="e", args=["/bin/sh", "-c", "exit 5"])
        supervisor.wait_event("exit", self.id, "e")
        supervisor.call("exec", id=self.id, process="f", args=["/bin/sleep", "1000"])
        self.assertEqual(self.kill_shims(self.directory / "f"), 1)
        supervisor.wait_event("exit", self.id, "f")
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        self.assertEqual(self.kill_shims(self.directory / "init"), 1)
        supervisor.wait_event("exit", self.id, "init")
        self.assertEqual([event[1:] for event in self.history() if event[0] == "exit"],
                         [("e", 5), ("f", 137), ("init", 137)])
        self.assert_invariants(self.history())
        self.assertEqual(os.listdir(self.space.state_root), [])

    # -- As pid 1.

    @parametrised({"private": (None,), "shared": (SHARED_PID,)})
    def test_as_process_one(self, namespaces):
        """What lost shims and runtimes leave behind comes to process 1, and does not stay a
        zombie."""
        supervisor = self.supervisor(via=("unshare", "-p", "-f", "--mount-proc"))
        self.live(supervisor, self.space.shell("sleep 1001 & exec sleep 1000",
                                               namespaces=namespaces))
        deadline = Deadline(what="zombies to be waited for")
        while any(processes().get(pid, ("", "", ""))[1] == "Z"
                  for pid in descendants(supervisor.pid)):
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()
        supervisor.end()

    # -- With an OOM score of its own, as OOMScoreAdjust= of its unit gives it.

    def test_oom_score_is_not_for_containers(self):
        """Raised here, because lowering it takes a privilege that not every machine gives (R-57)."""
        score = Path("/proc/self/oom_score_adj")
        self.addCleanup(score.write_text, "0", encoding="utf-8")
        score.write_text("300", encoding="utf-8")
        supervisor = self.supervisor()
        score.write_text("0", encoding="utf-8")
        out = self.space.file("out", b"")
        bundle = self.space.shell("cat /proc/self/oom_score_adj; exec sleep 1000")
        supervisor.call("start", id=self.id, bundle=bundle.path, stdio={"log": out})
        self.await_text(out, "0\n")
        supervisor.call("exec", id=self.id, process="e", stdio={"log": out},
                        args=["/bin/cat", "/proc/self/oom_score_adj"])
        supervisor.wait_event("exit", self.id, "e")
        self.assertEqual(Path(f"/proc/{supervisor.pid}/oom_score_adj").read_text(encoding="utf-8"),
                         "300\n")
        self.assertEqual(Path(out).read_text(encoding="utf-8"), "0\n0\n")
        supervisor.call("delete", id=self.id, force=True)
        supervisor.end()

    # -- As an ordinary user.

    def test_rootless(self):
        """One uid, mapped to the container's root; no group, no capability, no cgroup."""
        uid = free_uid()
        bundle = self.space.shell("exec sleep 1000",
                                  namespaces=("user", "pid", "mount", "ipc", "uts"))
        linux = bundle.config["linux"]
        linux.pop("resources")
        for mapping in ("uidMappings", "gidMappings"):
            linux[mapping] = [{"containerID": 0, "hostID": uid, "size": 1}]
        bundle.write()
        runtime_root = self.space.file("runtime")
        os.mkdir(runtime_root)
        for path, _, names in os.walk(self.space.root):
            for name in (".", *names):
                os.chown(os.path.join(path, name), uid, uid, follow_symlinks=False)
        supervisor = self.supervisor(
            via=as_user(uid),
            runtime_args=(f"--root={runtime_root}",),
            env=self.space.environment | {"XDG_RUNTIME_DIR": runtime_root})
        self.live(supervisor, bundle)
        self.assertEqual(os.listdir(runtime_root), [])
        supervisor.end()

    # -- Two.

    @only_with("runc", "the runtime does not matter")
    def test_one_shot_beside_an_owner(self):
        """It sees, waits for and signals what the owner started, and takes nothing from it."""
        owner, other = self.supervisor(), self.supervisor("oneshot")
        owner.call("start", id=self.id, bundle=self.space.shell("exec sleep 1000").path)
        self.assertEqual(other.call("state", id=self.id)["status"], "running")
        with self.assertRaises(CallError) as caught:
            other.call("start", id=self.id, bundle=self.space.shell("exit 0").path)
        self.assertRegex(str(caught.exception), "file exists")
        waiting = other.send("wait", id=self.id)
        other.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.assertEqual(other.result(waiting), {"exitStatus": 137})
        owner.wait_event("exit", self.id, "init")
        self.assertEqual(self.history()[-1], ("exit", "init", 137))
        other.end()
        owner.end()

    @only_with("runc", "the runtime does not matter")
    def test_owner_adopts_what_a_one_shot_has_begun(self):
        """A start that is under way when somebody begins to serve the directory is not undone: it
        holds the container's lock."""
        self.use_quick_runtime()
        for failpoint in ("shim-spawned", "identified"):  # not created yet, and not started yet
            with self.subTest(failpoint):
                self.adopt_what_is_begun(failpoint)
                self.id = self.space.new_id()

    def adopt_what_is_begun(self, failpoint):
        other = self.supervisor("oneshot", program="supervise_failpoints")
        other.failpoint(f"{failpoint}=stop")
        number = other.send("start", id=self.id, bundle=self.bundle())
        self.await_stopped(other)
        owner = self.supervisor("adopt")
        self.assertEqual(owner.adopted["adopted"], 1)
        other.signal(signal.SIGCONT)
        other.result(number)
        owner.wait_event("start-container", self.id)
        self.end_init()
        owner.wait_event("exit", self.id, "init")
        self.assert_invariants(self.history())
        other.end()
        owner.end()

    @only_with("runc", "the runtime does not matter")
    def test_directory_that_is_taken_away_while_its_lock_is_waited_for(self):
        """To be removed, by the one who holds the lock. Nothing may be made in it any more."""
        self.use_quick_runtime()
        other = self.supervisor("oneshot")
        other.call("start", id=self.id, bundle=self.bundle())
        away = self.directory.with_name("~1")
        with open(self.directory / "container.lock", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            number = other.send("delete", id=self.id, force=True)
            deadline = Deadline(what="the directory to be opened")
            while str(self.directory) not in self.open_paths(other.pid):
                self.assertGreater(deadline.remaining, 0)
                os.sched_yield()
            self.directory.rename(away)
            with self.assertRaises(CallError) as caught:
                other.result(number)
        self.assertEqual(caught.exception.code, 3)  # ESRCH
        self.assertFalse((away / "container.lock").exists())
        away.rename(self.directory)
        other.call("delete", id=self.id, force=True)
        other.end()

    @staticmethod
    def open_paths(pid):
        found = set()
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        return found

    @only_with("runc", "the runtime does not matter")
    def test_owner_undoes_what_a_one_shot_has_not_finished(self):
        """There was no pid when the owner came, and there is one when the lock is released: by the
        death of the only one who could have said `start`."""
        self.use_quick_runtime()
        gate = self.space.fifo("gate")
        os.mkdir(self.space.file("bin"))
        script = (f'#!/bin/sh\ncase "$*" in *create*) read line < {gate};; esac\n'
                  f"""exec {self.settings['runtime']} "$@"\n""")
        runtime = self.space.file("bin/quick_runtime", script.encode())
        os.chmod(runtime, 0o700)
        other = self.supervisor("oneshot", program="supervise_failpoints", runtime=runtime)
        other.failpoint("shim-spawned=stop")
        other.send("start", id=self.id, bundle=self.bundle())
        self.await_stopped(other)
        owner = self.supervisor("adopt")
        self.assertEqual(owner.adopted["adopted"], 1)
        with DirectoryWatch(self.directory / "init") as changes:
            open(gate, "wb").close()
            while not (self.directory / "init/pid").exists():
                wait_fd(changes.fileno(), select.POLLIN, Deadline(what="the pid"))
                changes.drain()
        other.kill()
        owner.wait_line(lambda line: "undone" in line.get("note", ""), "the undoing")
        self.await_gone(owner)
        self.assertFalse(self.directory.exists())
        self.assertEqual(self.history(), [])
        owner.end()


if __name__ == "__main__":
    sys.exit(main())
