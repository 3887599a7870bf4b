# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire: frames as clients of ten years ago sent them, and frames that nobody
should send."""

import os
import socket
import struct
import sys

from harness import main
from harness.containerd import ContainerdCase, api_pb2
from harness.http2 import Http2, message_frame
from harness.process import wait_until

STATE = "/types.API/State"
EMPTY = message_frame(b"")


class Wire(ContainerdCase):

    def setUp(self):
        super().setUp()
        self.server = self.daemon()

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0)
        super().tearDown()

    def connect(self, **options):
        return self.closed_at_end(Http2(self.server.socket_path, **options))

    def assert_serves(self):
        self.assertEqual(self.server.client().Check().status, 1)

    def refusal(self, path, body=EMPTY, **options):
        answer = self.connect().call(path, body, **options)
        self.assertTrue(answer.end_in_headers)
        self.assertEqual(answer.header(":status"), "200")
        return answer.header("grpc-status"), answer.header("grpc-message")

    def test_authority_is_nobodys_business(self):
        """Docker sends the path of the socket, ctr the word "unix"."""
        for authority in ("unix", "/run/docker/libcontainerd/docker-containerd.sock",
                          self.server.socket_path[-100:], "localhost", "@", "a b", "x:y:z"):
            with self.subTest(authority):
                answer = self.connect().call(STATE, EMPTY, authority=authority)
                self.assertEqual(answer.header("grpc-status"), "0", answer.__dict__)
                self.assertTrue(answer.end_in_headers)
                self.assertEqual(answer.header("content-type"), "application/grpc")
                state = api_pb2.StateResponse.FromString(answer.data[5:])
                self.assertEqual(state.machine.cpus, os.cpu_count())

    def test_many_streams_on_one_connection(self):
        connection = self.connect()
        for _ in range(300):
            self.assertEqual(connection.call(STATE, EMPTY).header("grpc-status"), "0")
        numbers = [connection.request("/grpc.health.v1.Health/Check", EMPTY) for _ in range(200)]
        self.assertEqual(connection.answer(numbers[-1]).header("grpc-status"), "0")

    def test_unknown_methods(self):
        for path, code, text in (
                ("/types.API/Nothing", "12", "unknown method Nothing"),
                ("/grpc.health.v1.Health/Watch", "12", "unknown method Watch"),
                ("/types.Nothing/State", "12", "unknown service types.Nothing"),
                ("/State", "3", 'malformed method name: "/State"')):
            with self.subTest(path):
                self.assertEqual(self.refusal(path), (code, text))

    def test_texts_are_percent_encoded(self):
        request = api_pb2.CreateContainerRequest(id="a", bundlePath="/no%\n\u00e9")
        code, text = self.refusal("/types.API/CreateContainer",
                                  message_frame(request.SerializeToString()))
        self.assertEqual(code, "5")
        self.assertEqual(text, "open /no%25%0A%C3%A9/config.json: no such file or directory")

    def test_error_comes_without_headers_before_it(self):
        answer = self.connect().call("/types.API/Events", message_frame(
            api_pb2.EventsRequest(storedOnly=True).SerializeToString()))
        self.assertEqual(len(answer.blocks), 1)
        self.assertEqual(answer.header("grpc-status"), "2")

    def test_messages_that_are_none(self):
        for body in (message_frame(b"\xff" * 20), message_frame(b"\x0a\x05ab"),
                     message_frame(b"\x0a\x02\xff\xfe")):  # the last: text that is not UTF-8
            with self.subTest(body):
                self.assertEqual(self.refusal("/types.API/CreateContainer", body)[0], "13")
        self.assertEqual(self.refusal("/types.API/State", message_frame(b"\x0a\x03a\0b")),
                         ("3", "a text contains a NUL byte"))
        self.assert_serves()

    def test_body_that_is_none(self):
        """No message, half of one, one that says it is compressed, one that is too large."""
        for body in (None, b"", b"\0\0\0", b"\0\0\0\0\x09abc", b"\1\0\0\0\2ab",
                     b"\0" + struct.pack(">I", 5 << 20)):
            with self.subTest(body):
                answer = self.connect().call(STATE, body)
                self.assertTrue(answer.reset is not None or answer.header("grpc-status") != "0")
        self.assert_serves()

    def test_unknown_fields_are_ignored(self):
        """And numbers in both forms, packed and one by one."""
        request = api_pb2.StateRequest().SerializeToString() + b"\xfa\x07\x03abc"
        self.assertEqual(self.connect().call(STATE, message_frame(request)).header("grpc-status"),
                         "0")

    def test_garbage(self):
        for garbage in (b"\0" * 100, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(5000),
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(5000),
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff\xff\xff\x01\x05\0\0\0\1"):
            connection = self.connect(greet=False)
            try:
                connection.send(garbage)
                connection.socket.shutdown(socket.SHUT_WR)
                while connection.socket.recv(65536):
                    pass
            except (ConnectionResetError, BrokenPipeError):
                pass
        self.assert_serves()

    def test_silent_clients(self):
        """Three hundred that connect and say nothing keep nobody from being served."""
        silent = [self.connect(greet=False) for _ in range(300)]
        self.assert_serves()
        for each in silent:
            each.close()
        open_files = self.server.open_files
        wait_until(lambda: open_files() < 100, f"{open_files()} descriptors are still open")

    def test_client_that_vanishes_in_a_stream(self):
        """Noticed at once (D68): nothing happens in between that could have told."""
        self.assert_serves()  # gRPC makes some descriptors of its own for the first client
        before = self.server.open_files()
        for _ in range(20):
            connection = self.connect()
            connection.request("/types.API/Events", EMPTY)
            connection.close()
        wait_until(lambda: self.server.open_files() <= before, "vanished clients are remembered")

    def test_timeout_of_the_client(self):
        """grpc-timeout is honoured: the stream ends by itself."""
        answer = self.connect().call("/types.API/Events", EMPTY, extra=[("grpc-timeout", "200m")])
        self.assertTrue(answer.reset is not None or answer.header("grpc-status") in ("1", "4"),
                        answer.__dict__)


if __name__ == "__main__":
    sys.exit(main())
