# SPDX-License-Identifier: Apache-2.0
"""Update: limits that change, and those that must not because nobody asked."""

import json
import os
import stat
import sys

from harness import cgroups, main
from harness.ops_case import OpsCase

_MIB = 1 << 20


class Update(OpsCase):

    def limited(self):
        bundle = self.space.shell("exec sleep 1000")
        bundle.config["linux"]["resources"] |= {
            "memory": {"limit": 64 * _MIB}, "cpu": {"shares": 512}, "pids": {"limit": 100}}
        return bundle.write()

    def assert_shares(self, pid, shares):
        self.assertEqual(cgroups.cpu_weight(pid), cgroups.shares_as_weight(shares))

    def test_only_what_is_asked_for_changes(self):
        supervisor = self.supervisor()
        pid = self.started(supervisor, self.limited())["pid"]
        self.assertEqual(supervisor.call("update", id=self.id, resources={
            "memory": {"limit": 32 * _MIB}, "pids": {"limit": 50}}), {})
        self.assertEqual(cgroups.memory_limit(pid), 32 * _MIB)
        self.assertEqual(cgroups.pids_limit(pid), 50)
        self.assert_shares(pid, 512)
        supervisor.call("update", id=self.id, resources={"cpu": {"shares": 300}})
        self.assert_shares(pid, 300)
        self.assertEqual(cgroups.memory_limit(pid), 32 * _MIB)
        self.end(supervisor)

    def test_while_paused(self):
        supervisor = self.supervisor()
        pid = self.started(supervisor, self.limited())["pid"]
        supervisor.call("pause", id=self.id)
        supervisor.call("update", id=self.id, resources={"cpu": {"shares": 300}})
        self.assert_shares(pid, 300)
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "paused")
        self.end(supervisor)

    def test_nothing_to_change_is_done_without_the_runtime(self):
        supervisor = self.supervisor(runtime=self.logging_runtime())
        self.started(supervisor)
        self.assertEqual(supervisor.call("update", id=self.id), {})
        self.assertEqual(supervisor.call("update", id=self.id,
                                         resources={"memory": {"limit": 0}, "cpu": {}}), {})
        self.assertFalse([call for call in self.logged_calls() if "update" in call])
        self.end(supervisor)

    def test_every_field_arrives(self):
        """Exactly what was asked for, as JSON on stdin."""
        resources = {
            "memory": {"limit": 1, "reservation": 2, "swap": -1, "kernel": 4, "kernelTCP": 5},
            "cpu": {"shares": 6, "period": 7, "quota": -1, "realtimePeriod": 9,
                    "realtimeRuntime": 10, "cpus": "0-1", "mems": "0"},
            "blockIO": {"weight": 11}, "pids": {"limit": 9223372036854775807}}
        read = self.space.file("read")
        path = self.space.file("reading", f"#!/bin/sh\ncase \"$*\" in *update*) cat > {read}; exit;;"
                               f" esac\nexec {self.runtime.path} \"$@\"\n".encode())
        os.chmod(path, stat.S_IRWXU)
        supervisor = self.supervisor(runtime=path)
        self.started(supervisor)
        supervisor.call("update", id=self.id, resources=resources)
        with open(read, encoding="utf-8") as source:
            self.assertEqual(json.load(source), resources)
        self.end(supervisor)

    def test_refused(self):
        supervisor = self.supervisor()
        self.assert_unknown(supervisor, "update", resources={"memory": {"limit": 1 << 30}})
        self.started(supervisor)
        error = self.refused(supervisor, "update", resources={"cpu": {"cpus": "900-1000"}})
        self.assertTrue(error.detail.startswith("oci runtime error: "), error.detail)
        error = self.refused(supervisor, "update", resources={"memory": {"limit": "much"}})
        self.assertIn("limit", str(error))
        self.end(supervisor)


if __name__ == "__main__":
    sys.exit(main())
