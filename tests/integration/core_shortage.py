# SPDX-License-Identifier: Apache-2.0
"""A full disk and no descriptors, at a start, an exec and an exit: the call says so, what was begun
is undone, what runs goes on, and exits are still heard of, with the true status."""

import errno
import os
import resource
import signal
import sys
from pathlib import Path

from harness import main
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.supervise import CallError

# A shim gets the limit that its supervisor was started with, if there is the privilege to raise one.
_UNPRIVILEGED = ("setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource")

class Shortage(CoreCase):

    def setUp(self):
        super().setUp()
        self.use_quick_runtime()

    def started(self, supervisor):
        supervisor.call("start", id=self.id, bundle=self.bundle())
        return supervisor

    def assert_refused(self, reason, supervisor, method, **params):
        with self.assertRaises(CallError) as caught:
            supervisor.call(method, **params)
        self.assertRegex(str(caught.exception), reason)

    def finish(self, supervisor, *exits):
        supervisor.wait_event("exit", self.id, "init")
        self.assertEqual([event[1:] for event in self.history() if event[0] == "exit"],
                         list(exits))
        supervisor.end()
        self.assert_invariants(self.history())

    # -- No space.

    def use_small_disk(self):
        self.space.state_root = self.space.mount_tmpfs("small", "256k", inodes=128)

    def fill(self):
        """By way of every processor, because each counts for itself what it has taken of a tmpfs."""
        path = Path(self.space.state_root) / "filler"
        processors = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, processors)
        with open(path, "wb", buffering=0) as out:
            for processor in processors:
                os.sched_setaffinity(0, {processor})
                try:
                    while True:
                        out.write(bytes(4096))
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)
        os.sched_setaffinity(0, processors)
        return path

    def fill_inodes(self):
        made = []
        try:
            while True:
                made.append(Path(self.space.state_root) / f"filler-{len(made)}")
                made[-1].touch()
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSPC)
        return made[:-1]

    @parametrised({"space": ("fill",), "inodes": ("fill_inodes",)})
    def test_full_disk(self, how):
        self.use_small_disk()
        supervisor = self.started(self.supervisor())
        fillers = getattr(self, how)()
        other = self.space.new_id()
        self.assert_refused("no space left", supervisor, "start", id=other, bundle=self.bundle())
        self.assert_refused("no space left", supervisor, "exec", id=self.id, process="e", args=["x"])
        self.assertEqual(sorted(path.name for path in self.directory.iterdir() if path.is_dir()),
                         ["init"])
        self.assertFalse((self.directory.parent / other).exists())
        self.end_init()
        self.finish(supervisor, ("init", 3))
        for filler in [fillers] if isinstance(fillers, Path) else fillers:
            filler.unlink()
        self.assert_nothing_left()

    def test_lost_shim_on_a_full_disk(self):
        """Nobody can write its record; it is heard of all the same."""
        self.use_small_disk()
        supervisor = self.started(self.supervisor())
        filler = self.fill()
        self.kill_shims()
        self.finish(supervisor, ("init", 128 + signal.SIGKILL))
        filler.unlink()
        self.assert_nothing_left()

    # -- No descriptors.

    def starve(self, supervisor, left):
        """Leaves it `left` descriptors more than it has now."""
        used = max(map(int, os.listdir(f"/proc/{supervisor.pid}/fd"))) + 1
        resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (used + left, used + left))

    # Nine are enough: the inotify descriptor of the first start is kept for the next.
    @parametrised({str(left): (left,) for left in (0, 3, 6, 8)})
    def test_no_descriptors(self, left):
        """However far it comes with what it has. Where even deleting was impossible, the next
        supervisor does it, and tells nobody twice."""
        supervisor = self.started(self.supervisor(via=_UNPRIVILEGED))
        supervisor.call("list")
        self.starve(supervisor, left)
        other = self.space.new_id()
        self.assert_refused("too many open files", supervisor, "start", id=other, bundle=self.bundle())
        self.assert_refused("too many open files", supervisor, "exec", id=self.id, process="e", args=["x"])
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        supervisor.end()
        successor = self.supervisor("adopt")
        self.await_gone(successor)
        successor.end()
        self.assertEqual(self.history(), [("start-container", "", 0), ("exit", "init", 3)])
        self.assert_nothing_left()

    # -- No inotify instances: a launch takes one, and a user has 128 where nobody has said otherwise.

    def test_more_execs_at_once_than_inotify_instances(self):
        self.use_quick_runtime(QUICK_EXEC="exit 4")
        supervisor = self.started(self.supervisor())
        names = [f"e{number}" for number in range(150)]
        calls = [supervisor.send("exec", id=self.id, process=name, args=["x"]) for name in names]
        for call, name in zip(calls, names):
            self.assertEqual(supervisor.result(call)["process"], name)
            supervisor.wait_event("exit", self.id, name)
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        supervisor.end()
        self.assert_invariants(self.history())
        self.assert_nothing_left()


if __name__ == "__main__":
    sys.exit(main())
