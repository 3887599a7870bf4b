# SPDX-License-Identifier: Apache-2.0
"""A state directory on a disk that becomes full, at any moment after the shim has begun: what must
be on record is, because its space was taken in time (R-62)."""

import json
import os
import sys

from harness import main
from harness.shim_case import ShimCase, Stdio

_DISK = 256 * 1024


class FullDisk(ShimCase):

    def setUp(self):
        super().setUp()
        self.space.state_root = self.space.mount_tmpfs("state", _DISK)
        self.gate = self.space.fifo("gate")

    def tearDown(self):
        self.space.state_root = os.path.join(self.space.root, "state")
        super().tearDown()

    def fill(self):
        """Not a byte and not a name is left."""
        with open(os.path.join(self.space.state_root, "ballast"), "wb", buffering=0) as out:
            with self.assertRaises(OSError):
                while True:
                    out.write(bytes(4096))
        with self.assertRaises(OSError):
            for number in range(1000):
                open(os.path.join(self.space.state_root, f"name-{number}"), "xb").close()

    def open_gate(self):
        os.close(os.open(self.gate, os.O_WRONLY))

    def assert_recorded(self, container, outputs=()):
        self.assertEqual(self.finish_without_removal(container, outputs), 6)
        record = json.loads((container.init.directory / "exit.json").read_text())
        self.assertEqual(record["code"], 6)
        self.assertIn("drainedAt", record)
        self.assertEqual(self.shim_log(container.init), [])
        container.remove()

    def finish_without_removal(self, container, outputs):
        for output in outputs:
            output.read_until(b"end\n")
        return container.init.wait()

    def test_while_it_runs(self):
        out = self.output()
        container = self.launched(self.space.bundle("x"), Stdio(stdout=out.path), start=False,
                                  **self.quick_runtime(f"read x < {self.gate}; echo end; exit 6"))
        self.fill()
        self.open_gate()
        self.assert_recorded(container, [out])

    def test_while_it_drains(self):
        out = self.output()
        container = self.launched(
            self.space.bundle("x"), Stdio(stdout=out.path), start=False,
            **self.quick_runtime("head -c 100000 /dev/zero; echo end; exit 6"))
        self.await_status(container.init, "6")
        self.fill()
        self.assert_recorded(container, [out])

    def test_while_it_deletes(self):
        here = self.space.fifo("here")
        container = self.launched(
            self.space.bundle("x"), start=False,
            **self.fake_runtime({"create": {"init_exit": 6},
                                 "delete": {"notify": here, "wait": self.gate}}))
        os.close(os.open(here, os.O_RDONLY))
        self.fill()
        self.set_fake_script({})
        self.open_gate()
        self.assert_recorded(container)

    def test_while_the_runtime_creates(self):
        """There is no room for `pid`, so it is a launch that failed; the log has room to say so."""
        script = {"create": {"init_exit": 6, "linger": self.gate}}
        container = self.container(self.space.bundle("x"), **self.fake_runtime(script))
        process = self.spawned(container)
        gate = os.open(self.gate, os.O_WRONLY)  # waits until the runtime has written its pid file
        self.fill()
        os.close(gate)
        self.assertEqual(process.shim.wait(30), 1)
        process.close()
        self.assertEqual(len(self.errors(process)), 1)
        self.assertFalse((process.directory / "exitStatus").exists())
        container.remove()


if __name__ == "__main__":
    sys.exit(main())
