# SPDX-License-Identifier: Apache-2.0
"""Ps: every process of a container, and runtimes that answer oddly."""

import os
import sys

from harness import main
from harness.case import only_with, parametrised
from harness.ops_case import OpsCase


class Ps(OpsCase):

    def test_all_processes_are_listed(self):
        supervisor = self.supervisor()
        pids = {self.started(supervisor)["pid"]}
        for name in ("one", "two"):
            answer = supervisor.call("exec", id=self.id, process=name, args=["/bin/sleep", "1000"])
            pids.add(answer["pid"])
        self.assertEqual(set(supervisor.call("ps", id=self.id)["pids"]), pids)
        self.end(supervisor)

    def test_unknown_and_ended(self):
        supervisor = self.supervisor()
        self.assert_unknown(supervisor, "ps")
        self.started(supervisor, self.space.shell("exit 0"))
        supervisor.wait_event("exit", self.id, "init")
        self.assert_unknown(supervisor, "ps")
        supervisor.end()

    @parametrised({
        "null": ("null", []),
        "pretty_printed": ("[\n  1,\n  22\n]\n", [1, 22]),
        "empty": ("[]", []),
    })
    def test_fake(self, output, expected):
        self.use_fake_runtime({"ps": {"stdout": output, "stderr_bytes": 100}})
        supervisor = self.supervisor()
        self.started(supervisor)
        self.assertEqual(supervisor.call("ps", id=self.id), {"pids": expected})
        self.end(supervisor)

    @parametrised({
        "nothing": ("",),
        "words": ("no such thing",),
        "not_pids": ("[0]",),
        "torn": ("[1,",),
        "too_much": ("[" + "1," * (1 << 20) + "1]",),
    })
    def test_garbage_is_refused(self, output):
        self.use_fake_runtime({"ps": {"stdout": output}})
        supervisor = self.supervisor()
        self.started(supervisor)
        self.refused(supervisor, "ps")
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        self.end(supervisor)

    @only_with("runc", "the runtime is a fake one")
    def test_silent_failure_and_death(self):
        self.use_fake_runtime({"ps": {"exit": 7}})
        supervisor = self.supervisor()
        self.started(supervisor)
        self.assertEqual(self.refused(supervisor, "ps").detail,
                         "oci runtime error: the runtime failed with status 7")
        self.set_fake_script({"ps": {"signal": 11, "stdout": "[1]"}})
        self.assertEqual(self.refused(supervisor, "ps").detail,
                         "oci runtime error: the runtime failed with status 139")
        self.end(supervisor)

    def test_runtime_that_is_not_there_any_more(self):
        path = self.logging_runtime()
        supervisor = self.supervisor(runtime=path)
        self.started(supervisor)
        os.rename(path, path + ".away")
        self.assertIn("no such file or directory", str(self.refused(supervisor, "ps")))
        os.rename(path + ".away", path)
        self.end(supervisor)


if __name__ == "__main__":
    sys.exit(main())
