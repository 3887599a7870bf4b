# SPDX-License-Identifier: Apache-2.0
"""The metrics of chock-containerd: the same as `chock serve` has, counted by way of gRPC."""

import os
import stat
import sys
from pathlib import Path

from harness import main
from harness.containerd import ContainerdCase
from harness.metrics import ask, parse
from harness.ports import free_port
from harness.process import wait_until


class Metrics(ContainerdCase):

    def values(self, address):
        status, headers, body = ask(address)
        self.assertEqual(status, "HTTP/1.0 200 OK")
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(int(headers["Content-Length"]), len(body))
        return parse(body)

    def moved(self, address, before):
        """What is another number than before, of what the server counts of its containers."""
        return {name: value - before[name] for name, value in self.values(address).items()
                if name.startswith("chock_") and "duration" not in name and value != before[name]}

    def life_is_counted(self, server, address):
        before = self.values(address)
        self.assertEqual({value for name, value in before.items() if name.startswith("chock_")},
                         {0})
        client = server.client()
        stream = client.events().subscribed()
        container, _ = self.create(client, self.space.shell("exec sleep 1000"))
        client.AddProcess(id=container, pid="e", cwd="/", args=["/bin/true"])
        stream.wait_exit(container, "e")
        self.refused(client.CreateContainer, id=self.space.new_id(), bundlePath="/no/such/bundle")
        self.refused(client.AddProcess, id=container, pid="f", cwd="/", args=["/no/such/program"])
        starts = 'chock_starts_total{kind="%s",result="%s"}'
        at_its_end = {starts % (kind, result): 1 for kind in ("container", "exec")
                      for result in ("started", "failed")}
        at_its_end['chock_exits_total{kind="exec"}'] = 1
        self.assertEqual(self.moved(address, before), at_its_end | {
            "chock_containers": 1, "chock_event_subscribers": 1})
        values = self.values(address)
        for kind in ("container", "exec"):
            self.assertEqual(values[f'chock_start_duration_seconds_count{{kind="{kind}"}}'], 1)
        self.end(client, stream, container)
        stream.cancel()
        at_its_end['chock_exits_total{kind="container"}'] = 1
        wait_until(lambda: self.moved(address, before) == at_its_end, "the subscriber stays")

    def test_at_a_socket(self):
        path = self.space.file("metrics")
        server = self.daemon("--metrics-address", f"unix://{path}")
        info = os.stat(path)
        self.assertTrue(stat.S_ISSOCK(info.st_mode))
        self.assertEqual(stat.S_IMODE(info.st_mode) & 0o117, 0)
        self.life_is_counted(server, path)
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_at_a_port_of_this_machine(self):
        host, port = "127.0.0.1", free_port()
        server = self.daemon(f"--metrics-address={host}:{port}")
        self.life_is_counted(server, (host, port))
        self.assertEqual(server.stop(), 0)

    def test_addresses_that_are_none(self):
        """Other machines could reach them, or they are no addresses."""
        for address in ("0.0.0.0:9323", "192.0.2.1:9323", "[::]:9323", "127.0.0.1", "unix://",
                        "http://127.0.0.1:9323"):
            with self.subTest(address), self.assertRaisesRegex(EOFError, "has ended: 1"):
                self.daemon("--metrics-address", address)

    def test_none_without_an_address(self):
        server = self.daemon()
        server.client().Check()
        listening = {line.split()[7] for line in
                     Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()
                     if self.space.token in line and line.split()[3] == "00010000"}
        self.assertEqual(listening, {server.socket_path,
                                     os.path.join(self.space.state_root, "chock.sock")})
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
