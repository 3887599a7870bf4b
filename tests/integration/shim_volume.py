# SPDX-License-Identifier: Apache-2.0
"""A gibibyte through each stream, compared by hash, with readers of every kind. The process writes
to the same pipes as any container's; there is no container around it, which changes nothing here."""

import functools
import hashlib
import json
import os
import select
import subprocess
import sys

from harness import Deadline, main
from harness.process import wait_fd
from harness.shim_case import ShimCase, Stdio

_MIB = 1 << 20
_COPIES = 16
# A gibibyte and a bit: no multiple of anything that a page or a pipe is.
_PIECE = 64 * _MIB + 5
_HASH = ("import hashlib, sys;"
         "print(hashlib.file_digest(sys.stdin.buffer, 'sha256').hexdigest())")


class Relayed(ShimCase):
    """What the tests below have in common."""

    piece = b""

    @classmethod
    def setUpClass(cls):
        Relayed.piece = Relayed.piece or os.urandom(_PIECE)

    def setUp(self):
        super().setUp()
        self.path = self.space.file("piece", self.piece)

    @staticmethod
    @functools.cache
    def expected(copies=_COPIES):
        whole = hashlib.sha256()
        for _ in range(copies):
            whole.update(Relayed.piece)
        return whole.hexdigest()

    def writer(self, redirection="", copies=_COPIES):
        return "exec cat" + f" {self.path}" * copies + f" {redirection}"

    def started(self, init, stdio):
        bundle = self.space.bundle("x")
        return self.launched(bundle, stdio, start=False, **self.quick_runtime(init))

    def digest(self, output, size=_MIB, visit=None):
        """Reads to the end. `visit` is called with the number of bytes so far, before each read."""
        whole, count, deadline = hashlib.sha256(), 0, Deadline(90, f"end of {output.path}")
        while True:
            if visit:
                visit(count)
            events = wait_fd(output.fd, select.POLLIN, deadline)
            chunk = os.read(output.fd, size)
            if not chunk:
                self.assertTrue(events & select.POLLHUP)
                return whole.hexdigest()
            whole.update(chunk)
            count += len(chunk)

    def assert_counted(self, process, stream, size):
        record = json.loads((process.directory / "exit.json").read_text(encoding="utf-8"))
        self.assertEqual(record["streams"][stream], {"read": size, "delivered": size})

    def assert_ends(self, container, stream, size):
        container.init.await_hangup()
        self.assert_counted(container.init, stream, size)
        self.assertEqual(self.finish(container), 0)


class Volume(Relayed):

    def test_stdout(self):
        out = self.output()
        container = self.started(self.writer(), Stdio(stdout=out.path))
        self.assertEqual(self.digest(out), self.expected())
        self.assert_ends(container, "stdout", _COPIES * _PIECE)

    def test_stderr(self):
        err = self.output()
        container = self.started(self.writer(">&2"), Stdio(stderr=err.path))
        self.assertEqual(self.digest(err), self.expected())
        self.assert_ends(container, "stderr", _COPIES * _PIECE)

    def test_stdin(self):
        source, out = self.input(), self.output()
        container = self.started(f"exec /usr/bin/python3 -ISc \"{_HASH}\"",
                                 Stdio(source.path, out.path))
        with open(source.path, "wb") as sink:
            subprocess.run(["cat", *[self.path] * _COPIES], stdout=sink, check=True)
        container.init.close_stdin()
        source.close()
        self.assertEqual(out.read_until(b"\n").decode().strip(), self.expected())
        self.assert_ends(container, "stdin", _COPIES * _PIECE)

    def test_slow_reader(self):
        """A page at a time, which is several times slower than the writer: everything is full all
        the time."""
        out = self.output()
        container = self.started(self.writer(), Stdio(stdout=out.path))
        self.assertEqual(self.digest(out, size=4096), self.expected())
        self.assert_ends(container, "stdout", _COPIES * _PIECE)

    def test_reader_that_leaves_and_returns(self):
        """A hundred times. What is in the FIFO stays there, and the container notices nothing."""
        out, visits = self.output(), 0

        def leave_and_return(count):
            nonlocal visits
            if visits < 100 and count >= (visits + 1) * _COPIES * _PIECE // 101:
                visits += 1
                out.close()
                out.reopen()
        container = self.started(self.writer(), Stdio(stdout=out.path))
        self.assertEqual(self.digest(out, visit=leave_and_return), self.expected())
        self.assertEqual(visits, 100)
        self.assert_ends(container, "stdout", _COPIES * _PIECE)

    def test_one_byte_at_a_time(self):
        """A mebibyte: a system call a byte has its price."""
        out = self.output()
        container = self.started(f"exec head -c {_MIB} {self.path}", Stdio(stdout=out.path))
        self.assertEqual(self.digest(out, size=1),
                         hashlib.sha256(self.piece[:_MIB]).hexdigest())
        self.assert_ends(container, "stdout", _MIB)

    def test_byte_by_byte(self):
        """The same from the writer's side."""
        out = self.output()
        container = self.started(f"exec dd if={self.path} bs=1 count=100000 status=none",
                                 Stdio(stdout=out.path))
        self.assertEqual(self.digest(out), hashlib.sha256(self.piece[:100000]).hexdigest())
        self.assert_ends(container, "stdout", 100000)


class Blocked(Relayed):
    """One stream that nobody moves is no matter of the others (R-18)."""

    def fill(self, source):
        """Until the FIFO and the pipe behind it are full: the shim has had its turn when a write
        fails that comes after one that it has made room for."""
        os.set_blocking(source.fd, False)
        sent, wanted = 0, 2 * 65536
        while sent < wanted:
            wait_fd(source.fd, select.POLLOUT, Deadline(what="the shim to take its share"))
            sent += os.write(source.fd, b"x" * 4096)

    def test_stdin_that_is_not_read(self):
        source, out, err = self.input(), self.output(), self.output()
        init = f"cat {self.path} >&2; cat {self.path}; exit 4"
        container = self.started(init, Stdio(source.path, out.path, err.path))
        self.fill(source)
        self.assertEqual(self.digest_part(err), self.expected(1))
        self.assertEqual(self.digest(out), self.expected(1))
        self.assertEqual(self.finish(container), 4)

    def digest_part(self, output):
        """As much as one piece: the other stream comes after it, and ends both."""
        whole, count = hashlib.sha256(), 0
        while count < _PIECE:
            wait_fd(output.fd, select.POLLIN, Deadline())
            chunk = os.read(output.fd, min(_MIB, _PIECE - count))
            whole.update(chunk)
            count += len(chunk)
        return whole.hexdigest()

    def test_stderr_that_nobody_reads(self):
        out, err = self.output(), self.output()
        init = f"cat {self.path} >&2 & cat {self.path}; echo; wait; exit 5"
        container = self.started(init, Stdio(stdout=out.path, stderr=err.path))
        self.assertEqual(self.digest_part(out), self.expected(1))
        self.assertEqual(self.digest(err), self.expected(1))
        self.assertEqual(self.finish(container, [out]), 5)


if __name__ == "__main__":
    sys.exit(main())
