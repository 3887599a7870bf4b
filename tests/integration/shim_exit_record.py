# SPDX-License-Identifier: Apache-2.0
"""exit.json is what docs/exit.schema.json says it is, however a process ends."""

import json
import os
import signal
import sys

from harness import main
from harness.json_schema import undescribed, violations
from harness.shim_case import ShimCase, Stdio

_SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../docs/exit.schema.json")


class ExitRecord(ShimCase):

    def setUp(self):
        super().setUp()
        with open(_SCHEMA, encoding="utf-8") as source:
            self.schema = json.load(source)

    def record(self, process):
        """Valid, and without a member that nobody has described."""
        record = json.loads((process.directory / "exit.json").read_text(encoding="utf-8"))
        self.assertEqual(violations(self.schema, record), [])
        self.assertEqual(undescribed(self.schema, record), [])
        status = (process.directory / "exitStatus").read_text(encoding="utf-8")
        self.assertEqual(record["exitStatus"], int(status))
        return record

    def ended(self, init, stdio=Stdio()):
        container = self.launched(self.space.bundle("x"), stdio, start=False,
                                  **self.quick_runtime(init))
        container.init.await_hangup()
        record = self.record(container.init)
        self.finish(container)
        return record

    def test_exited(self):
        record = self.ended("exit 42")
        self.assertEqual((record["kind"], record["code"]), ("exited", 42))
        self.assertNotIn("signal", record)
        self.assertEqual(record["streams"].keys(), {"stdin", "stdout", "stderr"})

    def test_signalled(self):
        record = self.ended("kill -9 $$")
        self.assertEqual((record["kind"], record["signal"], record["core"]),
                         ("signalled", signal.SIGKILL, False))
        self.assertNotIn("code", record)

    def test_dumped_core(self):
        """Where the machine lets it; the status has no place for it, the record has."""
        with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as source:
            dumps = not source.read().startswith("|")
        record = self.ended(f"cd {self.space.files}; ulimit -c unlimited; kill -SEGV $$")
        self.assertEqual((record["signal"], record["exitStatus"]), (signal.SIGSEGV, 139))
        if dumps:
            self.assertTrue(record["core"])

    def test_unread_output(self):
        out, gate = self.output(), self.space.fifo("gate")
        container = self.launched(self.space.bundle("x"), Stdio(stdout=out.path), start=False,
                                  **self.quick_runtime(f"read x < {gate}; echo never read"))
        out.close()
        os.close(os.open(gate, os.O_WRONLY))
        container.init.await_hangup()
        self.assertEqual(self.record(container.init)["streams"]["stdout"]["unread"], 11)
        self.finish(container)

    def test_before_the_output_has_ended(self):
        out, gate = self.output(), self.space.fifo("gate")
        container = self.launched(self.space.bundle("x"), Stdio(stdout=out.path), start=False,
                                  **self.quick_runtime(f"(read x < {gate}) & exit 5"))
        self.await_status(container.init, "5")
        while not (container.init.directory / "exit.json").exists():
            os.sched_yield()
        record = self.record(container.init)
        self.assertNotIn("drainedAt", record)
        self.assertNotIn("streams", record)
        os.close(os.open(gate, os.O_WRONLY))
        self.assertEqual(self.finish(container, [out]), 5)

    def test_the_schema_refuses(self):
        """What is no exit record: otherwise the tests above would say nothing."""
        good = self.ended("exit 1")
        for key in ("kind", "exitStatus", "origin", "oom", "exitedAt"):
            self.assertTrue(violations(self.schema, {k: v for k, v in good.items() if k != key}))
        for change in ({"kind": "gone"}, {"code": 256}, {"code": "1"}, {"oom": 0}, {"pid": 0},
                       {"exitedAt": "yesterday"}, {"rusage": []}, {"signal": 65},
                       {"streams": {"stdlog": {"read": 0, "delivered": 0}}},
                       {"streams": {"stdout": {"read": 0}}},
                       {"streams": {"stdout": {"read": -1, "delivered": 0}}}):
            self.assertTrue(violations(self.schema, good | change), change)
        self.assertEqual(undescribed(self.schema, good | {"more": 1}), ["$.more"])


if __name__ == "__main__":
    sys.exit(main())
