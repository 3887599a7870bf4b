# SPDX-License-Identifier: Apache-2.0
"""Output in quantity through a terminal."""

import os
import sys

from harness import main
from harness.shim_case import ShimCase, Stdio


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
        """The tail is not lost when the terminal goes, its hang-up coming with data unread."""
        self.assert_whole("seq 1000000")

    def test_again_and_again(self):
        """It is a race. In pages, which takes a tenth of the time that a million small writes take;
        CHOCK_TEST_ROUNDS says how often."""
        for _ in range(int(os.environ.get("CHOCK_TEST_ROUNDS", "19"))):
            self.assert_whole("seq 1000000 | cat")


if __name__ == "__main__":
    sys.exit(main())
