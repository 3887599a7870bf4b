# SPDX-License-Identifier: Apache-2.0
"""Asks a server for its metrics, and reads the text format of Prometheus as strictly as it is
described: what a scraper would throw away is an error here."""

import re
import socket

_GET = b"GET /metrics HTTP/1.0\r\n\r\n"
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
_SAMPLE = re.compile(rf"({_NAME})((?:\{{{_LABEL}(?:,{_LABEL})*\}})?) (\S+)")
_COMMENT = re.compile(rf"# (HELP|TYPE) ({_NAME}) (.+)")
_OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


def ask(address, request=_GET):
    """`address`: a path, or (host, port). The whole answer: (status line, headers, body)."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as connection:
        connection.settimeout(30)
        connection.connect(address)
        connection.sendall(request)
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    head, _, body = data.decode().partition("\r\n\r\n")
    status, *headers = head.split("\r\n")
    return status, dict(line.split(": ", 1) for line in headers), body


def parse(body):
    """{name and labels: number}. Each family is one piece that begins with its HELP and TYPE, and
    nothing is said twice."""
    values, types, helped = {}, {}, set()
    if not body.endswith("\n"):
        raise ValueError("the last line does not end")
    for line in body[:-1].split("\n"):
        if comment := _COMMENT.fullmatch(line):
            word, family, text = comment.groups()
            if word == "HELP" and family not in helped:
                helped.add(family)
                continue
            if word == "TYPE" and family not in types and family in helped:
                types[family] = text
                continue
        elif sample := _SAMPLE.fullmatch(line):
            name, labels, number = sample.groups()
            family = next(reversed(types), None)
            suffixes = _OF_HISTOGRAMS if types.get(family) == "histogram" else ("",)
            if name in [f"{family}{suffix}" for suffix in suffixes] and name + labels not in values:
                values[name + labels] = float(number)
                continue
        raise ValueError(f"not of the text format, or not in its place: {line!r}")
    if set(types.values()) - {"counter", "gauge", "histogram"}:
        raise ValueError(f"types: {types}")
    return values
