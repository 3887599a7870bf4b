# SPDX-License-Identifier: Apache-2.0
"""What clients may send: everything that is no request is answered as JSON-RPC 2.0 has it."""

import contextlib
import json
import sys

from harness import main
from harness.serve import RpcError, ServeCase

_PARSE_ERROR, _INVALID_REQUEST, _METHOD_NOT_FOUND, _INVALID_PARAMS = -32700, -32600, -32601, -32602
_NOT_FOUND = -32001
_LINE_LIMIT = 4 << 20


class Requests(ServeCase):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.client = self.server.connect()

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0)
        super().tearDown()

    def ask(self, line):
        self.client.send_bytes(line + b"\n")
        return self.client.read()

    def assert_still_served(self):
        self.assertEqual(self.client.call("list"), {"containers": []})

    def test_what_is_not_json(self):
        for line in (b"garbage", b"{", b"\"", b"{}}", b"{} {}", b"[" * 100000, b"\0", b"\xff\xfe",
                     b"nul", b"{\"jsonrpc\":\"2.0\",}", b"\x1f\x8b\x08"):
            with self.subTest(line=line[:20]):
                answer = self.ask(line)
                self.assertEqual((answer["id"], answer["error"]["code"]), (None, _PARSE_ERROR))
        self.assert_still_served()

    def test_what_is_no_request(self):
        for line in (b"1", b"null", b"\"list\"", b"{}", b"{\"method\":\"list\",\"id\":1}",
                     b"{\"jsonrpc\":\"1.0\",\"method\":\"list\",\"id\":1}",
                     b"{\"jsonrpc\":2.0,\"method\":\"list\",\"id\":1}",
                     b"{\"jsonrpc\":\"2.0\",\"id\":1}",
                     b"{\"jsonrpc\":\"2.0\",\"method\":7,\"id\":1}",
                     b"{\"jsonrpc\":\"2.0\",\"method\":\"list\",\"id\":{}}",
                     b"{\"jsonrpc\":\"2.0\",\"method\":\"list\",\"id\":true}"):
            with self.subTest(line=line):
                self.assertEqual(self.ask(line)["error"]["code"], _INVALID_REQUEST)
        self.assert_still_served()

    def test_batches(self):
        """Section 6 lets a server answer an invalid batch with one error; ours takes no batches."""
        for line in (b"[]", b"[1,2]", b"[{\"jsonrpc\":\"2.0\",\"method\":\"list\",\"id\":1}]"):
            answer = self.ask(line)
            self.assertEqual((answer["id"], answer["error"]["code"]), (None, _INVALID_REQUEST))
            self.assertIn("batches", answer["error"]["message"])
        self.assert_still_served()

    def test_id_comes_back_as_it_was(self):
        for number in (0, -1, 1.5, "text", "", None, 2**53, "\u00e9\u2028"):
            request = {"jsonrpc": "2.0", "id": number, "method": "list"}
            self.assertEqual(self.ask(json.dumps(request).encode())["id"], number)

    def test_a_notification_gets_no_answer(self):
        for request in ({"method": "list"}, {"method": "nothing"}, {"method": "state"},
                        {"method": "kill", "params": {"id": 7}}, {"method": "list", "params": [1]}):
            self.client.send_bytes(json.dumps({"jsonrpc": "2.0"} | request).encode() + b"\n")
        number = self.client.send("list")
        self.assertEqual(self.client.read()["id"], number)  # the first to come

    def test_blank_lines_are_nothing(self):
        self.client.send_bytes(b"\n\r\n\n")
        self.assert_still_served()

    def test_carriage_returns(self):
        answer = self.ask(b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"list\"}\r")
        self.assertEqual(answer["result"], {"containers": []})

    def test_unknown_methods(self):
        for method in ("nothing", "", "List", "list ", "rpc.discover", "x" * 100000):
            with self.assertRaises(RpcError) as caught:
                self.client.call(method)
            self.assertEqual(caught.exception.code, _METHOD_NOT_FOUND)

    def test_params_of_the_wrong_kind(self):
        for params in ([], ["a"], 1, "x", True):
            line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "state", "params": params})
            self.assertEqual(self.ask(line.encode())["error"]["code"], _INVALID_PARAMS)
        for method, params in (("state", {"id": 7}), ("state", {}), ("state", {"id": "../x"}),
                               ("state", {"id": "a", "more": 1}), ("state", {"id": "a\0b"}),
                               ("kill", {"id": "a", "signal": "TERM"}),
                               ("kill", {"id": "a", "signal": 65}), ("kill", {"id": "a"}),
                               ("start", {"id": "a", "bundle": "relative"}),
                               ("start", {"id": "a", "bundle": "/" + "x" * 5000}),
                               ("start", {"id": "a", "bundle": "/x", "stdio": {"stdin": 3}}),
                               ("resize", {"id": "a", "width": -1, "height": 1}),
                               ("resize", {"id": "a", "width": 1e3, "height": 1}),
                               ("exec", {"id": "a", "args": [1]}), ("exec", {"id": "a"}),
                               ("events", {"after": -1}), ("events", {"since": "yesterday"}),
                               ("events", {"after": 1}), ("events", {"follow": False})):
            with self.subTest(method=method, params=str(params)[:60]):
                with self.assertRaises(RpcError) as caught:
                    self.client.call(method, **params)
                self.assertEqual(caught.exception.code, _INVALID_PARAMS)
                self.assertEqual(caught.exception.data["operation"], method)
        self.assert_still_served()

    def test_failed_operations_say_what_and_why(self):
        with self.assertRaises(RpcError) as caught:
            self.client.call("state", id="nobody")
        self.assertEqual(caught.exception.code, _NOT_FOUND)
        self.assertEqual(caught.exception.data, {"operation": "state", "object": "nobody",
                                                 "reason": "containerd: container not found",
                                                 "errno": 3})

    def test_a_line_of_the_largest_size_and_one_that_is_larger(self):
        text = "x" * (_LINE_LIMIT - 200)
        with self.assertRaises(RpcError) as caught:
            self.client.call("state", id=text)
        self.assertEqual(caught.exception.code, _INVALID_PARAMS)
        self.assertLess(len(str(caught.exception)), 1000)
        with contextlib.suppress(ConnectionError):  # it may hang up before it has been sent all
            self.client.send_bytes(b"x" * (5 << 20))
        answer = self.client.read()
        self.assertEqual((answer["id"], answer["error"]["code"]), (None, _INVALID_REQUEST))
        self.assertIsNone(self.client.read(), "there is no telling where the next request begins")
        self.server.connect().call("list")

    def test_the_last_line_may_lack_its_newline(self):
        self.client.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"list\"}")
        self.client.shut_down_sending()
        self.assertEqual(self.client.read()["result"], {"containers": []})
        self.assertIsNone(self.client.read())

    def test_half_a_line(self):
        self.client.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"meth")
        self.client.shut_down_sending()
        self.assertEqual(self.client.read()["error"]["code"], _PARSE_ERROR)
        self.assertIsNone(self.client.read())
        other = self.server.connect()
        other.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"meth")
        other.close()
        self.server.connect().call("list")

    def test_answers_come_when_they_are_ready(self):
        """One request does not wait for another of the same client."""
        container = self.space.new_id()
        self.client.call("start", id=container, bundle=self.space.shell("exec sleep 1000").path)
        waiting = self.client.send("wait", id=container)
        self.assertEqual(self.client.call("state", id=container)["status"], "running")
        self.client.call("kill", id=container, signal=9)
        self.assertEqual(self.client.result(waiting), {"exitStatus": 137})


if __name__ == "__main__":
    sys.exit(main())
