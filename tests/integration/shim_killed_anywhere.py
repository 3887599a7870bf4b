# SPDX-License-Identifier: Apache-2.0
"""SIGKILL for a shim at any point of its life: one after the other, at every system call that it
makes from its first to its last."""

import signal
import sys

from harness import main, strace
from harness.fault_case import FaultCase


class KilledAnywhere(FaultCase):

    def test_nothing_is_torn(self):
        """Whatever the moment, each file is absent or whole. What is recorded is true, and what is
        not can be told from it: no exitStatus without a `pid` before it."""
        faults = {f"{name} {number}": strace.kill_at(name, number)
                  for name, numbers in self.baseline().items() for number in numbers}
        killed = 0
        for fault, container in self.lives(faults):
            with self.subTest(fault):
                process = container.init
                # Not every life makes as many calls as the first one did.
                self.assertIn(process.shim.returncode, (0, -signal.SIGKILL))
                self.assert_nothing_torn(process)
                if self.text(process, "exitStatus") is not None:
                    self.assertIsNotNone(self.text(process, "pid"))
                if process.shim.returncode == 0:
                    self.assert_truth(process)
                else:
                    killed += 1
            container.remove()
        self.assertGreater(killed, 100)


if __name__ == "__main__":
    sys.exit(main())
