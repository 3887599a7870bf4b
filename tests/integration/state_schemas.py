# SPDX-License-Identifier: Apache-2.0
"""state.json, process.json and events.log are what docs/*.schema.json say they are."""

import json
import os
import signal
import sys
from pathlib import Path

from harness import main
from harness.core_case import CoreCase
from harness.json_schema import undescribed, violations

_DOCS = Path(os.path.dirname(os.path.abspath(__file__))) / "../../docs"


class Schemas(CoreCase):

    def assert_valid(self, name, text):
        schema = json.loads((_DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
        value = json.loads(text)
        self.assertEqual(violations(schema, value), [])
        self.assertEqual(undescribed(schema, value), [])

    def test_files(self):
        owner = self.supervisor()
        bundle = self.space.shell("exec sleep 1000").path
        owner.call("start", id=self.id, bundle=bundle, labels=["a=b"], keep=True)
        owner.call("exec", id=self.id, process="plain", args=["sleep", "1000"])
        owner.call("exec", id=self.id, process="rich", args=["sleep", "1000"], terminal=True,
                   env=["A=B"], cwd="/", user={"uid": 1, "gid": 2, "additionalGids": [3]},
                   capabilities=["CAP_KILL"], noNewPrivileges=True,
                   consoleSize={"height": 24, "width": 80})
        self.assert_valid("state", (self.directory / "state.json").read_text(encoding="utf-8"))
        for process in ("init", "plain", "rich"):
            text = (self.directory / process / "process.json").read_text(encoding="utf-8")
            self.assert_valid("process", text)
        owner.call("kill", id=self.id, signal=int(signal.SIGKILL))
        owner.wait_event("exit", self.id, "init")
        lines = (Path(self.space.files) / "events.log").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(lines), 6)
        for line in lines:
            self.assert_valid("event", line)
        owner.call("delete", id=self.id)
        owner.end()


if __name__ == "__main__":
    sys.exit(main())
