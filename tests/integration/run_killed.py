# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of `chock run` leaves the container running, and its state directory complete."""

import json
import os
import stat
import subprocess
import sys

from pathlib import Path

from driver import read_log
from harness import Case, Deadline, main
from harness.process import wait_pidfd

_PROCESS_KEYS = {"args", "cwd", "user", "exec", "containerdStdin", "containerdStdout",
                 "containerdStderr", "runtimeArgs", "noPivotRoot", "checkpoint", "rootUID",
                 "rootGID"}
_CONTAINER_KEYS = {"bundle", "labels", "stdin", "stdout", "stderr", "runtime", "runtimeArgs",
                   "shim", "noPivotRoot"}


def _parent(pid):
    stat_line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(stat_line.rpartition(")")[2].split()[1])


class Killed(Case):

    def setUp(self):
        super().setUp()
        self.id = self.space.new_id()
        self.bundle = self.space.shell("echo up; exec sleep 1000")
        child = self.spawn(self.run_argv(self.bundle, self.id), stdout=subprocess.PIPE)
        self.assertEqual(child.stdout.readline(), b"up\n")
        child.kill()
        child.wait()
        self.directory = Path(self.space.state_root) / self.id
        self.init = self.directory / "init"
        self.pid = int((self.init / "pid").read_text(encoding="utf-8"))
        self.shim = _parent(self.pid)

    def tearDown(self):
        """The container goes as whoever restores it would make it go: kill, hang-up, delete."""
        self.runtime.call("kill", self.id, "KILL")
        deadline = Deadline(what="shim and container to end")
        wait_pidfd(self.pid, deadline)
        wait_pidfd(self.shim, deadline)
        self.assertEqual((self.init / "exitStatus").read_text(encoding="utf-8"), "137")
        self.runtime.call("delete", self.id)
        for parent, directories, files in os.walk(self.directory, topdown=False):
            for name in files:
                os.unlink(os.path.join(parent, name))
            for name in directories:
                os.rmdir(os.path.join(parent, name))
        os.rmdir(self.directory)
        super().tearDown()

    def test_container_and_shim_live(self):
        """The runtime lists it as running, below a shim of its own."""
        self.assertIn(self.id, self.runtime.list())
        state = self.runtime.state(self.id)
        self.assertEqual((state["status"], state["pid"]), ("running", self.pid))
        shim = Path(f"/proc/{self.shim}/cmdline").read_bytes()
        self.assertEqual(shim.rstrip(b"\0").split(b"\0")[1:],
                         [self.id.encode(), os.fsencode(self.bundle.path),
                          self.runtime.path.encode()])

    def test_container_directory_is_complete(self):
        """state.json has every key of the containerd 0.2 contract."""
        text = (self.directory / "state.json").read_text(encoding="utf-8")
        state = json.loads(text)
        self.assertTrue(text.endswith("}\n") and text.count("\n") == 1, text)
        self.assertLessEqual(_CONTAINER_KEYS, state.keys())
        self.assertEqual(state["bundle"], self.bundle.path)
        directories = [entry.name for entry in self.directory.iterdir() if entry.is_dir()]
        self.assertEqual(directories, ["init"], "a peer takes directories for processes")

    def test_process_directory_is_complete(self):
        """process.json, both FIFOs, logs, pid and starttime are there; exitStatus is not yet."""
        text = (self.init / "process.json").read_text(encoding="utf-8")
        self.assertTrue(text.endswith("}\n") and text.count("\n") == 1, text)
        self.assertLessEqual(_PROCESS_KEYS, json.loads(text).keys())
        for name in ("exit", "control"):
            self.assertTrue(stat.S_ISFIFO(os.stat(self.init / name).st_mode), name)
        self.assertEqual(read_log(self.init / "shim-log.json"), [])
        self.assertTrue((self.init / "log.json").exists())
        self.assertFalse((self.init / "exitStatus").exists())
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        self.assertEqual((self.init / "starttime").read_text(encoding="utf-8"),
                         fields.split()[22 - 3])

    def test_nothing_is_world_accessible(self):
        """Directories 0700, files and FIFOs 0600 (the runtime's own log aside)."""
        ours = [path for path in (self.directory, *self.directory.rglob("*"))
                if path.name != "log.json"]
        loose = [f"{path.name} {oct(path.stat().st_mode)}" for path in ours
                 if path.stat().st_mode & 0o077]
        self.assertEqual(loose, [])


if __name__ == "__main__":
    sys.exit(main())
