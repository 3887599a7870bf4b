# SPDX-License-Identifier: Apache-2.0
"""Anything at all in the control FIFO: what is no message is skipped, said once, and never keeps
the next message from being one."""

import os
import random
import select
import sys

from harness import Deadline, main, parametrised
from harness.process import wait_fd
from harness.shim_case import ShimCase, Stdio

_GARBAGE = {
    "words": b"garbage\n",
    "too_few": b"1 84\n",
    "too_many": b"1 87 31 9\n",
    "hexadecimal": b"0x10 0 0\n",
    "fraction": b"0.0 0 0\n",
    "overflow": b"9" * 30 + b" 0 0\n",
    "nul": b"0\0 0 0\n",
    "nuls_only": bytes(5000) + b"\n",
    "not_utf8": b"\xff\xfe\xfd 1 1\n",
    "longer_than_a_page": b"0 " * 5000 + b"\n",
    "longer_than_the_fifo": b"1" * 200_000 + b"\n",
    "message_at_the_end_of_a_long_line": b"x" * 70_000 + b" 0 0 0\n",
    "thousands": b"what?\n" * 5000,
    "thousands_of_all_kinds": b"".join(
        bytes(random.Random(number).randbytes(40)).replace(b"\n", b"") + b"\n"
        for number in range(3000)),
}


class Garbage(ShimCase):
    """The process ends when its stdin does, which takes a message that gets through."""

    def setUp(self):
        super().setUp()
        self.source = self.input()
        self.container = self.launched(
            self.space.bundle("x"), Stdio(self.source.path), start=False,
            **self.quick_runtime("cat > /dev/null; exit 5"))
        self.source.close()

    def send(self, data):
        """All of it, however slowly it is taken."""
        fd, deadline = self.container.init._control_fd, Deadline(what="control to be read")
        while data:
            wait_fd(fd, select.POLLOUT, deadline)
            data = data[os.write(fd, data[:4096]):]

    def assert_works(self, records=1):
        self.send(b"0 0 0\n")
        self.container.init.await_hangup()
        levels = [record["level"] for record in self.shim_log(self.container.init)]
        self.assertEqual(levels, ["warn"] * records)
        self.assertEqual(self.finish(self.container), 5)

    @parametrised({name: (data,) for name, data in _GARBAGE.items()})
    def test(self, data):
        """Logged once, and the next line works."""
        self.send(data)
        self.assert_works()

    def test_blank_and_unknown(self):
        """No mistakes, just nothing to do."""
        self.send(b"\n \n\t\r\n7 1 1\n-1 -1 -1\n1 80 24\n" * 100)
        self.assert_works(records=0)

    def test_in_pieces(self):
        """A writer may be slow: a line is a line when its end has come."""
        for piece in (b"0", b" ", b"0 ", b"0", b"\n"):
            self.assertIsNone(self.container.init.shim.poll())
            self.send(piece)
        self.container.init.await_hangup()
        self.assertEqual(self.shim_log(self.container.init), [])
        self.assertEqual(self.finish(self.container), 5)

    def test_writer_that_died_half_way(self):
        """Its successor's first line is lost with it, but no more than that."""
        self.send(b"1 80")
        self.send(b"1 80 24\n")
        self.assert_works()

    def test_several_in_one_write(self):
        self.send(b"1 80 24\nbad\n1 81 25\n")
        self.assert_works()


if __name__ == "__main__":
    sys.exit(main())
