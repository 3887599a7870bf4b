# SPDX-License-Identifier: Apache-2.0
"""The log: what was decided, of whom, and no secrets."""

import fcntl
import json
import os
import sys

from harness import main
from harness.serve import RpcError, ServeCase

_SECRET = "tOpSeCrEt"


class Logs(ServeCase):

    def live(self, server):
        """A container with an exec, from start to end, and a start that fails."""
        client = server.connect()
        client.call("events")
        container = self.space.new_id()
        bundle = self.space.shell(f"exec sleep 1000; : {_SECRET}", env=[f"PASSWORD={_SECRET}"])
        client.call("start", id=container, bundle=bundle.path, labels=[_SECRET])
        client.call("exec", id=container, process="e", args=["/bin/sh", "-c", f": {_SECRET}"],
                    env=[f"TOKEN={_SECRET}"])
        client.wait_event("exit", container, "e")
        client.call("kill", id=container, signal=9)
        client.wait_event("exit", container, "init")
        with self.assertRaises(RpcError):
            client.call("exec", id=container, args=[_SECRET], env=[f"TOKEN={_SECRET}"])
        return container

    def test_json_lines_have_fields(self):
        server = self.serve("--log-format", "json")
        container = self.live(server)
        self.assertEqual(server.stop(), 0)
        lines = [json.loads(line) for line in server.log().splitlines()]
        for line in lines:
            self.assertRegex(line["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")
            self.assertIn(line["level"], ("info", "warning"))
        said = [(line["msg"], line["process"]) for line in lines
                if line.get("container") == container and "process" in line]
        self.assertIn(("exit, status 0", "e"), said)
        self.assertIn(("exit, status 137", "init"), said)
        self.assertIn("start-container",
                      [line["msg"] for line in lines if line.get("container") == container])
        self.assertIn("0 containers adopted", lines[0]["msg"])
        self.assertNotIn(_SECRET, server.log())

    def test_text_lines_have_fields(self):
        server = self.serve()
        container = self.live(server)
        self.assertEqual(server.stop(), 0)
        self.assertIn(f"info exit, status 137 container={container} process=init\n", server.log())
        self.assertNotIn("\x1b", server.log())
        self.assertNotIn(_SECRET, server.log())

    def test_level(self):
        server = self.serve("--log-level", "warning")
        self.live(server)
        broken = os.path.join(self.space.state_root, "broken")
        os.mkdir(broken)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.log(), "")
        server = self.serve("--log-level", "warning")
        self.assertRegex(server.log(), r"warning .*container=broken\n$")
        self.assertEqual(server.stop(), 0)
        os.rmdir(broken)

    def test_a_log_that_nobody_reads_stops_nothing(self):
        """Lines that find no room are counted, and that is said when there is room again."""
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b"x" * 64)
        except BlockingIOError:
            os.set_blocking(write, True)
        server = self.serve("--log-format", "json", log=write)
        os.close(write)
        self.live(server)
        os.set_blocking(read, False)
        os.read(read, 4096)
        self.assertEqual(server.stop(), 0)
        lines = os.read(read, 4096).decode().splitlines()
        os.close(read)
        self.assertRegex(json.loads(lines[0])["msg"], r"^\d+ lines of the log were lost")
        self.assertIn("stopping", json.loads(lines[1])["msg"])

    def test_a_log_whose_reader_has_gone_stops_nothing(self):
        read, write = os.pipe()
        server = self.serve(log=write)
        os.close(write)
        os.close(read)
        self.live(server)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
