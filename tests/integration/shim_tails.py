# SPDX-License-Identifier: Apache-2.0
"""Processes that end right after their last bytes: not one of them may be lost, nor any doubled."""

import os
import random
import select
import sys

from harness import main
from harness.shim_case import ShimCase, Stdio

# Around the sizes of a page, of a pipe, and of both pipes that a byte goes through; and some more,
# different ones each time.
_EDGES = [edge + around for edge in (4096, 8192, 32768, 65536, 69632) for around in (-1, 0, 1)]
_SIZES = sorted({0, 1, 2, 511, 512, 70_000, *_EDGES, *random.sample(range(70_001), 20)})
# One write, if the pipe takes it.
_WRITE = "dd if={path} bs={size} count=1 status=none"


class Tails(ShimCase):

    def setUp(self):
        super().setUp()
        self.data = os.urandom(_SIZES[-1])
        self.path = self.space.file("data", self.data)
        self.bundle = self.space.bundle("x")

    def command(self, size):
        return _WRITE.format(path=self.path, size=size) if size else ":"

    def started(self, init, *outputs):
        names = [output.path for output in outputs]
        container = self.launched(self.bundle, Stdio("/dev/null", *names), start=False,
                                  **self.quick_runtime(init))
        return container

    def test_attached_reader(self):
        """On stdout and on stderr at the same time, from one process."""
        for size in _SIZES:
            with self.subTest(size=size):
                out, err = self.output(), self.output()
                write = self.command(size)
                container = self.started(f"{write}; {write} >&2; exit 7", out, err)
                self.assertEqual(self.finish(container, [out, err]), 7)
                self.assertEqual(out.data, self.data[:size])
                self.assertEqual(err.data, self.data[:size])
                out.close()
                err.close()

    def test_reader_that_comes_back(self):
        """It was away when the process ended. Unless the FIFO takes it all, the shim has to wait
        for it, and does; the exit is on record before that."""
        for size in [size for size in _SIZES if size > 65536]:
            with self.subTest(size=size):
                out = self.output()
                gate = self.space.fifo(f"gate-{size}")
                container = self.started(f"read x < {gate}; {self.command(size)}; exit 8", out)
                out.close()
                os.close(os.open(gate, os.O_WRONLY))
                self.await_status(container.init, "8")
                poller = select.poll()
                poller.register(container.init._exit_fd, 0)
                self.assertEqual(poller.poll(0), [])
                out.reopen()
                self.assertEqual(self.finish(container, [out]), 8)
                self.assertEqual(out.data, self.data[:size])
                out.close()


if __name__ == "__main__":
    sys.exit(main())
