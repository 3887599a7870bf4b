# SPDX-License-Identifier: Apache-2.0
"""The metrics of a server, and who may ask for them, how."""

import os
import re
import socket
import sys
import time

from pathlib import Path

from harness import main
from harness.metrics import ask, parse
from harness.ports import free_port
from harness.process import DEADLINE, Deadline
from harness.serve import RpcError, ServeCase

_DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


class Metrics(ServeCase):

    def serve_metrics(self):
        self.path = self.space.file("metrics")
        return self.serve("--metrics-address", f"unix://{self.path}")

    def ask(self, *request, address=None):
        """The whole answer: (status line, headers, body)."""
        return ask(address or self.path, *request)

    def values(self):
        status, headers, body = self.ask()
        self.assertEqual(status, "HTTP/1.0 200 OK")
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(int(headers["Content-Length"]), len(body))
        return parse(body)

    def test_what_is_counted(self):
        server = self.serve_metrics()
        client = server.connect()
        client.call("events")
        container = self.space.new_id()
        client.call("start", id=container, bundle=self.space.shell("exec sleep 1000").path)
        client.call("exec", id=container, process="e", args=["/bin/true"])
        client.wait_event("exit", container, "e")
        for _ in range(2):
            with self.assertRaises(RpcError):
                client.call("start", id=container, bundle="/no/such/bundle")
        with self.assertRaises(RpcError):
            client.call("exec", id=container, args=["/no/such/program"])
        values = self.values()
        self.assertEqual(values["chock_containers"], 1)
        self.assertEqual(values["chock_event_subscribers"], 1)
        for kind, result, expected in (("container", "started", 1), ("container", "failed", 2),
                                       ("exec", "started", 1), ("exec", "failed", 1)):
            self.assertEqual(values[f'chock_starts_total{{kind="{kind}",result="{result}"}}'],
                             expected)
        self.assertEqual(values['chock_exits_total{kind="container"}'], 0)
        self.assertEqual(values['chock_exits_total{kind="exec"}'], 1)
        self.assertEqual(values["chock_ooms_total"], 0)
        for kind in ("container", "exec"):
            self.check_histogram(values, "start", f'kind="{kind}"', 1)
        for what, label, count in (("exit", 'kind="container"', 0), ("exit", 'kind="exec"', 1),
                                   ("delete", "", 0), ("stats", "", 0)):
            self.check_histogram(values, what, label, count)
        self.check_process(values, server)
        self.check_present(client, container)
        client.call("kill", id=container, signal=9)
        client.wait_event("exit", container, "init")
        client.close()
        deadline = Deadline(what="the subscriber to be gone")
        while (values := self.values())["chock_event_subscribers"] != 0:
            self.assertGreater(deadline.remaining, 0)
        self.assertEqual(values["chock_containers"], 0)
        self.assertEqual(values["chock_execs"], 0)
        self.assertEqual(values['chock_exits_total{kind="container"}'], 1)
        for what, label, count in (("exit", 'kind="container"', 1), ("exit", 'kind="exec"', 2),
                                   ("delete", "", 1)):
            self.check_histogram(values, what, label, count)
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(self.path))

    def check_histogram(self, values, what, label, count):
        name = f"chock_{what}_duration_seconds"
        labels, before = (f"{{{label}}}", f"{label},") if label else ("", "")
        buckets = [value for key, value in values.items()
                   if key.startswith(f'{name}_bucket{{{before}le=')]
        self.assertGreater(len(buckets), 1)
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], count)
        self.assertEqual(values[f"{name}_count{labels}"], count)
        total = values[f"{name}_sum{labels}"]
        self.assertTrue(0 < total < 30 if count else total == 0, total)
        self.assertEqual(values[f'{name}_bucket{{{before}le="+Inf"}}'], count)

    def check_present(self, client, container):
        """What is there at the time of asking; and readings, those that succeed."""
        client.call("exec", id=container, process="g", args=["/bin/sleep", "1000"])
        client.call("stats", id=container)
        with self.assertRaises(RpcError):
            client.call("stats", id="no-such-container")
        values = self.values()
        self.assertEqual((values["chock_containers"], values["chock_execs"]), (1, 1))
        for kind in ("container", "exec"):
            self.assertEqual(values[f'chock_starts_waiting{{kind="{kind}"}}'], 0)
        self.check_histogram(values, "stats", "", 1)

    def check_process(self, values, server):
        connection = 1  # the one that asks
        self.assertEqual(values["process_open_fds"], len(server.open_files()) + connection)
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
        resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024
        self.assertAlmostEqual(values["process_resident_memory_bytes"], resident, delta=1 << 20)
        limits = Path(f"/proc/{server.pid}/limits").read_text(encoding="utf-8")
        self.assertEqual(values["process_max_fds"],
                         int(re.search(r"Max open files\s+(\d+)", limits).group(1)))
        self.assertGreater(values["process_start_time_seconds"],
                           os.stat(f"/proc/{server.pid}").st_ctime - 60)
        self.assertLess(values["process_cpu_seconds_total"], 30)

    def test_every_metric_is_documented(self):
        server = self.serve_metrics()
        _, _, body = self.ask()
        told = dict(re.findall(r"^# TYPE (\S+) (\S+)$", body, re.MULTILINE))
        self.assertEqual(set(told), set(re.findall(r"^# HELP (\S+) \S", body, re.MULTILINE)))
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", _DOCUMENT.read_text(encoding="utf-8"),
                          re.MULTILINE)
        self.assertEqual(dict(rows), told)
        self.assertEqual(server.stop(), 0)

    def test_what_is_not_a_request_for_metrics(self):
        server = self.serve_metrics()
        for request, status in ((b"GET / HTTP/1.0\r\n\r\n", 404),
                                (b"GET /metrics/x HTTP/1.1\r\nHost: a\r\n\r\n", 404),
                                (b"POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 405),
                                (b"DELETE /metrics HTTP/1.1\r\n\r\n", 405),
                                (b"GET /metrics?a=b HTTP/1.1\r\nHost: a\r\n\r\n", 200),
                                (b"GET /metrics HTTP/1.1\n\n", 200),
                                (b"GET /metrics\r\n\r\n", 400), (b"\r\n\r\n", 400),
                                (b"GET\r\n\r\n", 400), (b"GET  \r\n\r\n", 400),
                                (b"GET /metrics FTP/1.0\r\n\r\n", 400), (b"\0" * 100 + b"\n\n", 400),
                                (b"GET /metrics HTTP/1.0\r\n" + b"x: y\r\n" * 1500, 431)):
            with self.subTest(request=request[:40]):
                self.assertEqual(int(self.ask(request)[0].split()[1]), status)
        self.assertEqual(server.stop(), 0)

    def test_clients_that_do_not_ask(self):
        """They take up the few places, for ten seconds at most; others wait that long."""
        server = self.serve_metrics()
        silent = []
        for _ in range(8):
            connection = socket.socket(socket.AF_UNIX)
            self.closed_at_end(connection)
            connection.connect(self.path)
            silent.append(connection)
        server.connect().call("list")  # which does not wait for them
        self.values()
        for connection in silent:
            connection.settimeout(30)
            self.assertEqual(connection.recv(1), b"")
        self.assertEqual(server.stop(), 0)

    def test_stopping_does_not_wait_for_them(self):
        """Who would have been sent away after ten seconds, and is let go before."""
        server = self.serve_metrics()
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(self.path)
            connected = time.monotonic()
            self.values()
            server.child.terminate()
            self.assertEqual(silent.recv(1), b"")
            self.assertLess(time.monotonic() - connected, 9)
            self.assertEqual(server.child.wait(DEADLINE), 0)

    def test_over_tcp_on_this_machine(self):
        for host in ("127.0.0.1", "localhost", "127.8.7.6"):
            port = free_port()
            server = self.serve("--metrics-address", f"{host}:{port}")
            status, _, _ = self.ask(address=(host, port))
            self.assertEqual(status, "HTTP/1.0 200 OK")
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
