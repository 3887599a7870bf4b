# SPDX-License-Identifier: Apache-2.0
"""Stats: the numbers of the contract, whether or not the runtime has a verb for them."""

import json
import sys

from harness import cgroups, main
from harness.case import only_with, parametrised
from harness.ops_case import OpsCase
from harness.process import await_asleep

_MIB = 1 << 20


class Stats(OpsCase):

    def was_busy(self, supervisor):
        """A container that has used some of everything, and uses no more: a runtime reads one number
        after the other, and they must fit."""
        bundle = self.space.shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo x > /tmp/x; "
                                  "exec sleep 1000")
        bundle.config["linux"]["resources"] |= {"memory": {"limit": 64 * _MIB}, "pids": {"limit": 100}}
        pid = self.started(supervisor, bundle.write())["pid"]
        await_asleep(pid, "nanosleep")
        return pid

    def test_numbers(self):
        supervisor = self.supervisor()
        pid = self.was_busy(supervisor)
        before = cgroups.cpu_time(pid)
        answer = supervisor.call("stats", id=self.id)
        after = cgroups.cpu_time(pid)
        data = answer["data"]
        self.assertRegex(answer["timestamp"], r"^20\d\d-\d\d-\d\dT")
        self.assertTrue(before <= data["cpu"]["usage"]["total"] <= after, data["cpu"])
        self.assertGreater(data["cpu"]["systemUsage"], data["cpu"]["usage"]["total"])
        self.assert_memory(data["memory"])
        if not cgroups.is_unified():  # version 2 does not count by processor
            self.assertEqual(sum(data["cpu"]["usage"]["percpu"]), data["cpu"]["usage"]["total"])
        self.assertEqual(data["pids"], {"current": 1, "limit": 100})
        self.end(supervisor)

    def assert_memory(self, memory):
        self.assertEqual(memory["usage"]["limit"], 64 * _MIB)
        self.assertGreater(memory["usage"]["usage"], 0)
        self.assertEqual(memory["cache"], memory["raw"]["file" if cgroups.is_unified() else "cache"])
        if not cgroups.is_unified():  # of whose most runc 1.1 does not tell with version 2
            self.assertGreaterEqual(memory["usage"]["max"], memory["usage"]["usage"])
            self.assertIn("hierarchical_memory_limit", memory["raw"])

    def test_unknown_and_ended(self):
        supervisor = self.supervisor()
        self.assert_unknown(supervisor, "stats")
        self.started(supervisor, self.space.shell("exit 0"))
        supervisor.wait_event("exit", self.id, "init")
        self.assert_unknown(supervisor, "stats")
        supervisor.end()

    def test_while_paused(self):
        supervisor = self.supervisor()
        self.was_busy(supervisor)
        supervisor.call("pause", id=self.id)
        self.assertEqual(supervisor.call("stats", id=self.id)["data"]["pids"]["current"], 1)
        self.end(supervisor)

    @only_with("runc", "the runtime is a fake one")
    def test_only_stdout_is_read(self):
        """A warning on stderr is none of the answer's business (D36)."""
        event = {"type": "stats", "id": "x", "data": {"pids": {"current": 3}}}
        self.use_fake_runtime({"events": {"stdout": json.dumps(event), "stderr_bytes": 1000}})
        supervisor = self.supervisor()
        self.started(supervisor)
        data = supervisor.call("stats", id=self.id)["data"]
        self.assertEqual(data["pids"], {"current": 3, "limit": 0})
        self.assertGreater(data["cpu"]["systemUsage"], 0)
        self.end(supervisor)

    @parametrised({
        "nothing": ("",),
        "no_data": ('{"type":"stats"}',),
        "null_data": ('{"data":null}',),
        "wrong_type": ('{"data":{"cpu":{"usage":{"total":"1"}}}}',),
        "torn": ('{"data":{"cpu":',),
    })
    def test_garbage_is_refused(self, output):
        self.use_fake_runtime({"events": {"stdout": output}})
        supervisor = self.supervisor()
        self.started(supervisor)
        self.refused(supervisor, "stats")
        self.end(supervisor)


if __name__ == "__main__":
    sys.exit(main())
