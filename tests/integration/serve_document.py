# SPDX-License-Identifier: Apache-2.0
"""docs/api.md: its example works as it stands, and the server knows every field that it names."""

import re
import sys

from pathlib import Path

from harness import main
from harness.process import run
from harness.serve import RpcError, ServeCase

_DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
# What else a request must have before other fields are looked at.
_NEEDED = {"start": {"bundle": "/x"}, "exec": {"args": ["x"]}, "resize": {"width": 1},
           "checkpoint-create": {"name": "x"}, "checkpoint-delete": {"name": "x"}}


def _documented_fields():
    """[(method, field)]: the first column of the tables that follow `### method`."""
    fields = []
    for section in _DOCUMENT.split("\n### ")[1:]:
        method, _, text = section.partition("\n")
        for row in re.findall(r"^\| (\**`[^|]*) \|", text, re.MULTILINE):
            if "| notification |" not in text.partition(row)[0]:
                fields += [(method, field) for field in re.findall(r"`([^`]+)`", row)]
    return fields


class Document(ServeCase):

    def test_example(self):
        server = self.serve()
        example = re.search(r"^```python\n(.*?)^```", _DOCUMENT, re.DOTALL | re.MULTILINE).group(1)
        container = self.space.new_id()
        for ours, theirs in ((server.socket_path, "/run/chock/chock.sock"), (container, "web1"),
                             (self.space.shell("exit 5").path, "/srv/bundles/web")):
            self.assertIn(theirs, example)
            example = example.replace(theirs, ours)
        result = run([sys.executable, "-c", example])
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertIn(b"'pid': 'init', 'status': 5", result.stdout.splitlines()[-1])
        self.assertEqual(server.stop(), 0)

    def test_every_field_is_known(self):
        server = self.serve()
        client = server.connect()
        fields = _documented_fields()
        self.assertGreater(len(fields), 60)
        for method, field in fields:
            with self.subTest(method=method, field=field):
                value = ["wrong"] if not field.endswith(("Args", "labels", "args", "env", "NS",
                                                         "capabilities")) else 7
                for name in reversed(field.split(".")[1:]):
                    value = {name: value}
                params = {field.split(".")[0]: value}
                if method != "events":
                    params.setdefault("id", "x")
                for name, valid in _NEEDED.get(method, {}).items():
                    params.setdefault(name, valid)
                with self.assertRaises(RpcError) as caught:
                    client.call(method, **params)
                self.assertEqual(caught.exception.code, -32602, caught.exception)
                self.assertNotIn("unknown field", str(caught.exception))
                self.assertEqual(caught.exception.data["object"], field)
        self.assertEqual(server.stop(), 0)

    def test_limits_and_codes_are_those_of_the_code(self):
        headers = {name: (Path(__file__).parents[2] / "supervisor" / name)
                   .read_text(encoding="utf-8") for name in ("rpc/message.h", "rpc/connection.cc",
                                                            "rpc/server.cc")}
        codes = set(re.findall(r"= (-32\d\d\d)[,;]", headers["rpc/message.h"]))
        documented = set(re.findall(r"^\| (-32\d\d\d) \|", _DOCUMENT, re.MULTILINE))
        self.assertEqual(codes - {"-32603"}, documented)
        for file, constant, text in (("rpc/message.h", "kLineLimit = 4UL << 20U", "| a line | 4 MiB"),
                                     ("rpc/connection.cc", "kConcurrentRequests = 64", "time | 64,"),
                                     ("rpc/connection.cc", "kSubscriptions = 16",
                                      "| subscriptions of a connection | 16 |"),
                                     ("rpc/server.cc", "kConnections = 256",
                                      "| connections | 256,")):
            self.assertIn(constant, headers[file])
            self.assertIn(text, _DOCUMENT)

    def test_line_for_a_shell(self):
        server = self.serve()
        client = server.connect()
        request = re.search(r"echo '(\{.*?\})'", _DOCUMENT).group(1)
        client.send_bytes(request.encode() + b"\n")
        client.shut_down_sending()
        self.assertEqual(client.read()["result"], {"containers": []})
        self.assertIsNone(client.read())
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
