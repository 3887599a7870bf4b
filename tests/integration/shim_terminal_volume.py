# SPDX-License-Identifier: Apache-2.0
"""Output in quantity through a terminal."""

import os
import select
import sys

from harness import Deadline, main
from harness.process import wait_fd
from harness.shim_case import ShimCase, Stdio

_FEWER = 100_000  # lines, where each byte costs two system calls


class TerminalVolume(ShimCase):

    expected = b"".join(b"%d\n" % number for number in range(1, 1_000_001))

    def assert_whole(self, command):
        out = self.output()
        container = self.launched(self.space.shell(command, terminal=True),
                                  Stdio("/dev/null", out.path))
        self.assertEqual(self.finish(container, [out]), 0)
        # assertEqual would try to show the difference.
        self.assertTrue(out.data.replace(b"\r\n", b"\n") == self.expected, len(out.data))
        out.close()

    def test_a_million_lines(self):
        """The tail is not lost when the terminal goes, its hang-up coming with data unread. It is a
        race, so not once only; CHOCK_TEST_ROUNDS says how often."""
        for _ in range(int(os.environ.get("CHOCK_TEST_ROUNDS", "20"))):
            self.assert_whole("seq 1000000")

    def test_in_pages(self):
        """A writer who is quick, where a line at a time is slow."""
        self.assert_whole("seq 1000000 | cat")

    def test_one_byte_at_a_time(self):
        """A reader who is so slow that everything is full when the terminal goes."""
        out = self.output()
        container = self.launched(self.space.shell(f"seq {_FEWER} | cat", terminal=True),
                                  Stdio("/dev/null", out.path))
        data, deadline = bytearray(), Deadline(90, f"end of {out.path}")
        while wait_fd(out.fd, select.POLLIN, deadline) and (byte := os.read(out.fd, 1)):
            data += byte
        self.assertEqual(self.finish(container), 0)
        lines = data.split()
        self.assertEqual((len(lines), lines[-1]), (_FEWER, str(_FEWER).encode()))
        self.assertTrue(self.expected.startswith(data.replace(b"\r\n", b"\n")))


if __name__ == "__main__":
    sys.exit(main())
