# SPDX-License-Identifier: Apache-2.0
"""Files and FIFOs that refuse what the process writes: it must not notice (R-21)."""

import errno
import json
import os
import sys

from harness import Deadline, main, parametrised, strace
from harness.shim_case import ShimCase, Stdio

_KIB = 1024


class Refusing(ShimCase):

    def started(self, init, stdio, via=()):
        container = self.container(self.space.bundle("x"), **self.quick_runtime(init))
        container.env = strace.environment(container.env)
        self.spawned(container, stdio, via)
        container.init.await_pid()
        return container

    def assert_logged_once(self, process, code):
        records = self.shim_log(process)
        self.assertEqual([record["level"] for record in records], ["warn"], records)
        self.assertEqual(records[0]["errno"], code)

    def counted(self, process, stream="stdout"):
        record = json.loads((process.directory / "exit.json").read_text(encoding="utf-8"))
        return record["streams"][stream]

    def test_full_disk(self):
        """What fits is there, in order; the rest is counted as read. The other stream is whole."""
        self.space.mount_tmpfs("small", 64 * _KIB)
        path = self.space.file("small/log", b"")
        err = self.output()
        container = self.started("head -c 1048576 /dev/zero; echo done >&2; exit 6",
                                 Stdio("/dev/null", path, err.path))
        self.assertEqual(err.read_until(b"\n"), b"done\n")
        container.init.await_hangup()
        self.assert_logged_once(container.init, errno.ENOSPC)
        with open(path, "rb") as source:
            kept = source.read()
        self.assertEqual(kept, bytes(len(kept)))
        self.assertEqual(self.counted(container.init),
                         {"read": 1024 * _KIB, "delivered": len(kept)})
        self.assertEqual(self.finish(container, [err]), 6)

    def test_disk_that_has_room_again(self):
        """A disk that was full is tried again."""
        self.space.mount_tmpfs("small", 64 * _KIB)
        path, ballast = self.space.file("small/log", b""), self.space.file("small/ballast")
        with open(ballast, "wb", buffering=0) as out:
            out.write(bytes(64 * _KIB))
        err, go_on = self.output(), self.space.fifo("go-on")
        container = self.started(f"echo lost; echo up >&2; read x < {go_on}; echo kept; exit 6",
                                 Stdio("/dev/null", path, err.path))
        err.read_until(b"up\n")
        self.await_log(container.init)
        os.unlink(ballast)
        os.close(os.open(go_on, os.O_WRONLY))
        self.assertEqual(self.finish(container, [err]), 6)
        with open(path, "rb") as source:
            self.assertEqual(source.read(), b"kept\n")

    def await_log(self, process):
        deadline = Deadline(what="a warning")
        while not self.shim_log(process):
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()

    def test_terminal_that_is_gone(self):
        """A real I/O error: the other side of the file has been closed."""
        master, slave = os.openpty()
        path, go_on, err = os.ttyname(slave), self.space.fifo("go-on"), self.output()
        container = self.started(f"read x < {go_on}; seq 100000; echo done >&2; exit 6",
                                 Stdio("/dev/null", path, err.path))
        os.close(master)
        os.close(slave)
        os.close(os.open(go_on, os.O_WRONLY))
        self.assertEqual(err.read_until(b"\n"), b"done\n")
        container.init.await_hangup()
        self.assert_logged_once(container.init, errno.EIO)
        self.assertEqual(self.finish(container, [err]), 6)

    def test_reader_that_takes_the_rest_meanwhile(self):
        """Between the look at what is left in a FIFO and the copy that is made of it."""
        if strace.STRACE is None:
            self.skipTest("strace is not installed")
        err = self.output()
        via = strace.words(self.space.file("trace"), *strace.fail_from("tee", 1, "EAGAIN"))
        container = self.started("echo rest >&2; exit 6",
                                 Stdio("/dev/null", "/dev/null", err.path), via)
        container.init.await_hangup()
        self.assertEqual(self.shim_log(container.init), [])
        self.assertEqual(self.finish(container, [err]), 6)
        self.assertEqual(err.data, b"rest\n")

    @parametrised({name: (name,) for name in ("EIO", "ENOSPC", "EPIPE", "EPERM", "EFBIG")})
    def test_every_write_fails(self, name):
        """For as long as the process lives."""
        if strace.STRACE is None:
            self.skipTest("strace is not installed")
        path, err = self.space.file("log", b""), self.output()
        via = strace.words(self.space.file("trace"), *strace.fail_from("write", 1, name))
        via[1:1] = ["-P", path]
        container = self.started("head -c 1048576 /dev/zero; echo done >&2; exit 6",
                                 Stdio("/dev/null", path, err.path), via)
        self.assertEqual(err.read_until(b"\n"), b"done\n")
        container.init.await_hangup()
        self.assert_logged_once(container.init, getattr(errno, name))
        self.assertEqual(self.counted(container.init), {"read": 1024 * _KIB, "delivered": 0})
        self.assertEqual(os.path.getsize(path), 0)
        self.assertEqual(self.finish(container, [err]), 6)


if __name__ == "__main__":
    sys.exit(main())
