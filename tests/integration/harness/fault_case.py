# SPDX-License-Identifier: Apache-2.0
"""A test case that runs the same short life of a shim again and again, each time with something
else going wrong, and knows what must be true of the process directory whatever it was."""

import json
from concurrent.futures import ThreadPoolExecutor

from harness import strace
from harness.bundle import SHARED_PID
from harness.process import DEADLINE
from harness.shim_case import ShimCase, Stdio

STATUS = "3"
# A life under strace is waiting for its turn most of the time.
_AT_A_TIME = 8


class FaultCase(ShimCase):

    def setUp(self):
        super().setUp()
        if strace.STRACE is None:
            self.skipTest("strace is not installed")
        # A shared pid namespace, so that both commands of the end of life are run.
        self.bundle = self.space.bundle("x", namespaces=SHARED_PID)
        self.settings = self.quick_runtime(f"read line; echo $line; exit {STATUS}")
        self.settings["env"] = strace.environment(self.settings["env"])

    def baseline(self, **options):
        """The calls of a life in which nothing goes wrong."""
        container = self.life(("trace=all",))
        self.assertEqual(self.text(container.init, "exitStatus"), STATUS)
        container.remove()
        return strace.calls(self.trace(container), **options)

    def trace(self, container):
        return self.space.file(f"trace-{container.id}")

    def lives(self, faults):
        """{what it is called: expressions for strace} -> each name with its container, which has
        come to its end. Several at a time."""
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            yield from zip(faults, pool.map(self.life, faults.values()))

    def life(self, expressions):
        """From one end to the other: a line goes in, the same line comes out."""
        container = self.container(self.bundle, **self.settings)
        source, out = self.input(), self.output()
        source.write(b"hello\n")
        process = self.spawned(container, Stdio(source.path, out.path),
                               via=strace.words(self.trace(container), *expressions))
        process.shim.wait(DEADLINE)
        for used in (source, out, process):
            used.close()
        return container

    def text(self, process, name):
        path = process.directory / name
        return path.read_text(encoding="utf-8") if path.exists() else None

    def assert_nothing_torn(self, process):
        """Every file is absent or whole, and none of them lies."""
        pid, status = self.text(process, "pid"), self.text(process, "exitStatus")
        self.assertTrue(pid is None or (pid.isdecimal() and int(pid) > 1), pid)
        self.assertIn(status, (None, STATUS))
        record = self.text(process, "exit.json")
        if record is not None:
            self.assertEqual(json.loads(record)["code"], int(STATUS))
        if process.directory.joinpath("shim-log.json").exists():
            self.shim_log(process)  # parses every line

    def assert_truth(self, process):
        """A shim that was not killed has recorded the exit, or has said what was in the way."""
        self.assert_nothing_torn(process)
        code, status = process.shim.returncode, self.text(process, "exitStatus")
        if status is not None:
            self.assertEqual(code, 0)
        elif self.text(process, "pid") is not None:
            self.assertIn("exitStatus", "".join(self.errors(process)))
        elif code == 2:  # not even a log could be had
            self.assertFalse(self.text(process, "shim-log.json"))
        else:
            self.assertEqual(code, 1)
            self.assertEqual(len(self.errors(process)), 1)
            self.assertIsNone(self.text(process, "exit.json"))
