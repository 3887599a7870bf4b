# SPDX-License-Identifier: Apache-2.0
"""State directories that somebody has meddled with: each is refused with one line, nothing in it is
touched, nobody is killed, and everything else goes on. Only a forced delete takes it away, and
only when nothing lives in it."""

import os
import shutil
import signal
import sys

from harness import main
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.damage import huge, symlink, text
from harness.supervise import CallError

def _deep(path):
    path.write_text('{"a":' * 100000, encoding="utf-8")


# What takes the place of a file that is parsed.
_BAD_FILES = {
    "huge": huge, "deep": _deep, "symlink": symlink, "fifo": os.mkfifo, "directory": os.mkdir,
    "nul": text("\0" * 4096), "torn": text('{"bundle":"/b","lab'), "empty": text(""),
    "list": text("[]"),
}
_BAD_PIDS = {
    "zero": text("0"), "one": text("1"), "all": text("-1"), "word": text("abc"),
    "too_large": text("99999999999"), "huge": huge, "symlink": symlink, "fifo": os.mkfifo,
    "nul": text("\0\0\0"), "directory": os.mkdir,
}


def _replace(path, make):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    make(path)


class BadInput(CoreCase):
    """The victim runs below the quick runtime while its directory is changed."""

    def setUp(self):
        super().setUp()
        self.use_quick_runtime()
        supervisor = self.supervisor()
        self.pid = supervisor.call("start", id=self.id, bundle=self.bundle())["pid"]
        supervisor.kill()
        self.stranger = self.spawn(["sleep", "1000"])

    def tearDown(self):
        self.stranger.kill()
        self.stranger.wait()
        super().tearDown()

    def tree(self):
        return sorted(str(path) for path in self.directory.rglob("*"))

    def assert_left_alone(self, supervisor, reason):
        """Reported as broken, in one line, and everybody lives; another container works."""
        self.assertEqual(supervisor.adopted, {"adopted": 0, "broken": 1})
        notes = [line["note"] for line in supervisor.lines if "note" in line]
        self.assertEqual(len(notes), 1, notes)
        self.assertRegex(notes[0], reason)
        self.assertNotIn("\n", notes[0])
        os.kill(self.pid, 0)
        self.assertIsNone(self.stranger.poll())
        other = self.space.new_id()
        supervisor.call("start", id=other, bundle=self.bundle())
        listed = {c["id"]: c["status"] for c in supervisor.call("list")["containers"]}
        self.assertEqual(listed, {self.id: "broken", other: "running"})
        supervisor.call("delete", id=other, force=True)
        os.kill(self.pid, 0)

    def clean_up(self, supervisor):
        """By hand, as an operator would: what could not be read could not be killed either."""
        self.kill_shims()
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        supervisor.call("delete", id=self.id, force=True)
        supervisor.end()
        self.assert_nothing_left()

    @parametrised({name: (make,) for name, make in _BAD_FILES.items()})
    def test_state_json(self, make):
        _replace(self.directory / "state.json", make)
        before = self.tree()
        supervisor = self.supervisor("adopt")
        self.assert_left_alone(supervisor, r"state\.json|state: ")
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "broken")
        self.assertEqual(self.tree(), before)
        self.clean_up(supervisor)

    @parametrised({name: (make,) for name, make in _BAD_PIDS.items()})
    def test_pid(self, make):
        _replace(self.directory / "init/pid", make)
        before = self.tree()
        supervisor = self.supervisor("adopt")
        self.assert_left_alone(supervisor, "pid")
        self.assertEqual(self.tree(), before)
        with self.assertRaises(CallError):
            supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.clean_up(supervisor)

    @parametrised({"file": (text(""),), "symlink": (symlink,), "directory": (os.mkdir,)})
    def test_exit_fifo(self, make):
        _replace(self.directory / "init/exit", make)
        supervisor = self.supervisor("adopt")
        self.assert_left_alone(supervisor, "exit")
        self.clean_up(supervisor)

    @parametrised({"file": (text(""),), "symlink": (symlink,), "fifo": (os.mkfifo,)})
    def test_process_directory(self, make):
        """Its shim works in it and stays; the new entry is not followed."""
        moved = self.space.file("moved")
        os.rename(self.directory / "init", moved)
        make(self.directory / "init")
        supervisor = self.supervisor("adopt")
        self.assert_left_alone(supervisor, "init")
        self.kill_shims(moved)
        self.clean_up(supervisor)


if __name__ == "__main__":
    sys.exit(main())
