# SPDX-License-Identifier: Apache-2.0
"""As little HTTP/2 (RFC 9113) as a gRPC call takes, written by hand: what is sent is what a test
says, where a library would send what is right. Standard library only."""

import socket
import struct

from harness.process import DEADLINE

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _CONTINUATION = 0, 1, 3, 4, 6, 7, 9
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_HEADER_TABLE_SIZE = 1

# RFC 7541, appendix A; names alone where the answers of gRPC need no value.
_STATIC = [None, (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"),
           (":path", "/index.html"), (":scheme", "http"), (":scheme", "https"), (":status", "200"),
           (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
           (":status", "404"), (":status", "500")] + [(name, "") for name in (
               "accept-charset accept-encoding accept-language accept-ranges accept "
               "access-control-allow-origin age allow authorization cache-control "
               "content-disposition content-encoding content-language content-length "
               "content-location content-range content-type cookie date etag expect expires from "
               "host if-match if-modified-since if-none-match if-range if-unmodified-since "
               "last-modified link location max-forwards proxy-authenticate proxy-authorization "
               "range referer refresh retry-after server set-cookie strict-transport-security "
               "transfer-encoding user-agent vary via www-authenticate").split()]


def message_frame(message):
    """gRPC's own framing: not compressed, length, bytes."""
    return b"\0" + struct.pack(">I", len(message)) + message


def _string(text):
    raw = text.encode() if isinstance(text, str) else text
    assert len(raw) < 127
    return bytes([len(raw)]) + raw


def encode_headers(headers):
    """Every one as a literal that nobody has to remember (RFC 7541, 6.2.2)."""
    return b"".join(b"\0" + _string(name) + _string(value) for name, value in headers)


def _integer(block, at, bits):
    value = block[at] & ((1 << bits) - 1)
    at += 1
    if value == (1 << bits) - 1:
        shift = 0
        while True:
            byte = block[at]
            value += (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                break
    return value, at


def _text(block, at):
    assert block[at] < 128, "gRPC does not use Huffman codes"
    length, at = _integer(block, at, 7)
    return block[at:at + length].decode(), at + length


def decode_headers(block):
    """With a dynamic table of size 0, which we have asked for."""
    headers, at = [], 0
    while at < len(block):
        if block[at] & 0x80:
            index, at = _integer(block, at, 7)
            headers.append(_STATIC[index])
            continue
        if block[at] & 0xe0 == 0x20:  # a new size of the table
            _, at = _integer(block, at, 5)
            continue
        index, at = _integer(block, at, 6 if block[at] & 0x40 else 4)
        if index:
            name = _STATIC[index][0]
        else:
            name, at = _text(block, at)
        value, at = _text(block, at)
        headers.append((name, value))
    return headers


class Answer:
    """Of one stream: headers of all its blocks, data, and how it ended."""

    def __init__(self):
        self.blocks, self.data, self.reset, self.goaway = [], b"", None, False
        self.end_in_headers = False

    def header(self, name):
        return dict(pair for block in self.blocks for pair in block).get(name)


class Http2:
    def __init__(self, path, greet=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(DEADLINE)
        self._stream = -1
        if greet:
            self.send(_PREFACE + self.frame(
                _SETTINGS, 0, 0, struct.pack(">HI", _HEADER_TABLE_SIZE, 0)))

    @staticmethod
    def frame(kind, flags, stream, payload=b""):
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) \
            + struct.pack(">I", stream) + payload

    def send(self, data):
        self.socket.sendall(data)

    def request(self, path, body, authority="unix", end=True, extra=()):
        """Begins a stream with headers and, if there is a body, its data."""
        self._stream += 2
        headers = [(":method", "POST"), (":scheme", "http"), (":path", path),
                   (":authority", authority), ("content-type", "application/grpc"),
                   ("user-agent", "grpc-go/1.0"), ("te", "trailers"), *extra]
        flags = _END_HEADERS | (_END_STREAM if body is None and end else 0)
        self.send(self.frame(_HEADERS, flags, self._stream, encode_headers(headers)))
        if body is not None:
            self.send(self.frame(_DATA, _END_STREAM if end else 0, self._stream, body))
        return self._stream

    def call(self, path, body, **options):
        return self.answer(self.request(path, body, **options))

    def answer(self, stream):
        """Reads until the stream, or the connection, ends."""
        answer = Answer()
        while True:
            frame = self._receive()
            if frame is None:
                answer.goaway = True
                return answer
            kind, flags, number, payload = frame
            if kind == _SETTINGS and not flags & _ACK:
                self.send(self.frame(_SETTINGS, _ACK, 0))
            elif kind == _PING and not flags & _ACK:
                self.send(self.frame(_PING, _ACK, 0, payload))
            elif kind == _GOAWAY:
                answer.goaway = True
            elif number == stream and self._take(answer, kind, flags, payload):
                return answer

    @staticmethod
    def _take(answer, kind, flags, payload):
        if kind == _HEADERS:
            assert flags & _END_HEADERS
            answer.blocks.append(decode_headers(payload))
            answer.end_in_headers = bool(flags & _END_STREAM)
            return answer.end_in_headers
        if kind == _DATA:
            answer.data += payload
            return bool(flags & _END_STREAM)
        if kind == _RESET:
            answer.reset = struct.unpack(">I", payload)[0]
            return True
        return False

    def _receive(self):
        head = self._exactly(9)
        if head is None:
            return None
        length = struct.unpack(">I", b"\0" + head[:3])[0]
        payload = self._exactly(length)
        return head[3], head[4], struct.unpack(">I", head[5:])[0] & 0x7fffffff, payload

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            try:
                chunk = self.socket.recv(size - len(data))
            except ConnectionResetError:
                return None
            if not chunk:
                return None
            data += chunk
        return data

    def close(self):
        self.socket.close()
