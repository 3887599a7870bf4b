# SPDX-License-Identifier: Apache-2.0
"""The stream of events: from when, of whom, how long, and what is said to those who are too slow."""

import json
import os
import shutil
import sys

from pathlib import Path

from harness import main
from harness.process import wait_until
from harness.serve import ServeCase

_LINE = '{{"id":"old","type":"exit","timestamp":"2026-01-0{0}T00:00:00Z","pid":"init",' \
        '"status":{0},"seq":{0}}}\n'


class Events(ServeCase):

    def path(self):
        return Path(self.space.state_root, "events.log")

    def run_container(self, client, container=None):
        container = container or self.space.new_id()
        client.call("start", id=container, bundle=self.space.shell("exit 0").path)
        client.wait_event("exit", container, "init")
        return container

    def collect(self, server, **params):
        client = server.connect()
        client.call("events", follow=False, **params)
        events = client.wait_end()
        self.gaps = [params for method, params in client.notifications if method == "gap"]
        return events

    def test_since(self):
        self.path().write_text("".join(_LINE.format(n) for n in range(1, 6)), encoding="utf-8")
        server = self.serve()
        for since, expected in (("2025-12-31T23:59:59Z", [1, 2, 3, 4, 5]),
                                ("2026-01-03T00:00:00Z", [4, 5]),
                                ("2026-01-03T02:00:00+02:00", [4, 5]),
                                ("2026-01-02T23:59:59.999999999Z", [3, 4, 5]),
                                ("2027-01-01T00:00:00Z", [])):
            self.assertEqual([e["seq"] for e in self.collect(server, since=since)], expected)
        self.assertEqual([e["seq"] for e in self.collect(server, after=3)], [4, 5])
        self.assertEqual(server.stop(), 0)

    def test_follow_goes_on_where_history_ends(self):
        server = self.serve()
        client = server.connect()
        subscribed = client.call("events", after=0)
        self.assertEqual(subscribed, {"subscription": 1, "last": 0})
        for _ in range(3):
            self.run_container(client)
        late = server.connect()
        self.assertEqual(late.call("events", after=2)["last"], 6)
        container = self.run_container(client)
        late.wait_event("exit", container, "init")
        self.assertEqual([params["event"]["seq"] for _, params in late.notifications],
                         [3, 4, 5, 6, 7, 8])
        self.assertEqual(server.stop(), 0)

    def test_of_one_container(self):
        server = self.serve()
        client = server.connect()
        wanted = self.space.new_id()
        client.call("events")
        only = server.connect()
        only.call("events", id=wanted)
        self.run_container(client)
        self.run_container(client, wanted)
        only.wait_event("exit", wanted, "init")
        self.assertEqual({params["event"]["id"] for _, params in only.notifications}, {wanted})
        self.assertEqual({e["id"] for e in self.collect(server, after=0, id=wanted)}, {wanted})
        self.assertEqual(server.stop(), 0)

    def test_several_subscriptions_of_one_client(self):
        server = self.serve()
        client = server.connect()
        numbers = [client.call("events")["subscription"] for _ in range(2)]
        container = self.run_container(client)
        for number in numbers:
            client.wait_notification(
                lambda method, params, n=number: method == "event"
                and params["subscription"] == n and params["event"]["type"] == "exit",
                f"the exit of {container}")
        self.assertEqual(server.stop(), 0)

    def test_gap_where_history_is_gone(self):
        """What retention has taken is named by its numbers."""
        self.path().write_text("".join(_LINE.format(n) for n in range(5, 8)), encoding="utf-8")
        server = self.serve()
        self.assertEqual([e["seq"] for e in self.collect(server, after=2)], [5, 6, 7])
        self.assertEqual(self.gaps, [{"subscription": 1, "first": 3, "last": 4}])
        self.collect(server, after=4)
        self.assertEqual(self.gaps, [])
        self.assertEqual(server.stop(), 0)

    def test_slow_subscriber_costs_no_memory_and_is_told_what_it_missed(self):
        """Its place is a number; the log is the buffer, and forgets on its own terms."""
        server = self.serve("--retain-count", "2")
        slow = server.connect()
        # Its side of the socket fills: a history that it asks for and does not read.
        filler = server.connect()
        slow.call("events")
        unread = b"{\"jsonrpc\":\"2.0\",\"id\":\"unread\",\"method\":\"list\"}\n"
        os.set_blocking(slow.fileno(), False)
        try:
            while True:
                os.write(slow.fileno(), unread * 100)
                filler.call("list")
        except BlockingIOError:
            pass
        os.set_blocking(slow.fileno(), True)
        before = server.written_memory()
        filler.call("events")
        for _ in range(8):
            self.run_container(filler)
        self.assert_grown_less(server, before, 4 << 20)
        gap = None
        numbers = []
        while 16 not in numbers:
            message = slow.read()
            if message.get("method") == "gap":
                gap = message["params"]
                numbers += range(gap["first"], gap["last"] + 1)
            elif message.get("method") == "event":
                numbers.append(message["params"]["event"]["seq"])
        self.assertEqual(numbers, list(range(1, 17)))
        self.assertIsNotNone(gap)
        self.assertEqual(server.stop(), 0)

    def test_rotation_is_by_rename(self):
        """Whoever has the old file open sees it whole, and the new one is never seen half written."""
        server = self.serve("--retain-count", "2")
        client = server.connect()
        client.call("events")
        self.run_container(client)
        former = os.open(self.path(), os.O_RDONLY)
        inode = os.fstat(former).st_ino
        for _ in range(3):
            self.run_container(client)
        self.assertNotEqual(os.stat(self.path()).st_ino, inode)
        lines = os.pread(former, 1 << 16, 0).decode().splitlines()
        os.close(former)
        self.assertEqual([json.loads(line)["seq"] for line in lines], [1, 2, 3, 4])
        kept = [json.loads(line)["seq"] for line in
                self.path().read_text(encoding="utf-8").splitlines()]
        self.assertEqual(kept, list(range(kept[0], 9)))
        self.assertLessEqual(len(kept), 4)
        self.assertEqual(os.stat(self.path()).st_mode & 0o777, 0o600)
        self.assertEqual(server.stop(), 0)

    def test_damaged_log(self):
        """A torn line, NUL bytes of a power cut, garbage: cut or skipped, said, and counted on."""
        good = "".join(_LINE.format(n) for n in range(1, 4))
        for damage in (good[:-20], good + "\0" * 4096, good + '{"id":"o', "garbage\n" + good,
                       good + "\0" * 10 + "\n"):
            with self.subTest(damage=damage[-30:]):
                self.path().write_text(damage, encoding="utf-8")
                server = self.serve()
                self.assertIn("no records", server.log())
                client = server.connect()
                client.call("events")
                container = self.run_container(client)
                events = self.collect(server, after=0)
                self.assertEqual([e["seq"] for e in events], list(range(1, len(events) + 1)))
                self.assertEqual([e["id"] for e in events[-2:]], [container] * 2)
                self.assertEqual(server.stop(), 0)
                for line in self.path().read_text(encoding="utf-8").splitlines():
                    json.loads(line)
                server = self.serve()
                self.assertNotIn("no records", server.log())
                self.assertEqual(server.stop(), 0)

    def test_full_disk(self):
        """Subscribers miss nothing, it is said once, and the file is whole again afterwards."""
        disk = self.space.mount_tmpfs("disk", "1m", inodes=1000)
        server = self.serve("--state-dir", disk, socket_path=os.path.join(disk, "chock.sock"))
        client = server.connect()
        client.call("events")
        first = self.run_container(client)
        container = self.space.new_id()
        client.call("start", id=container, bundle=self.space.shell("exec sleep 1000").path)
        own = Path(disk, container, "init", "runtime-pid")  # the shim's, for a moment
        wait_until(lambda: not own.exists(), f"{own} stays")
        kept = os.path.join(disk, ".kept")  # so that what is removed frees nothing
        os.mkdir(kept)
        for number, path in enumerate(path for path in Path(disk, container).rglob("*")
                                      if path.is_file()):
            os.link(path, os.path.join(kept, str(number)))
        filler = os.path.join(disk, "filler")
        with open(filler, "wb", buffering=0) as out:
            try:
                while True:
                    out.write(bytes(4096))
            except OSError:
                pass
        log = Path(disk, "events.log")
        size = log.stat().st_size
        with open(log, "r+b") as out:  # to the end of its page, so that the next line needs another
            out.seek(0, os.SEEK_END)
            out.write(b"\n" * (4096 - size % 4096))
        client.call("kill", id=container, signal=9)
        client.wait_event("exit", container, "init")
        self.assertEqual(server.log().count("no space left on device"), 1, server.log())
        os.unlink(filler)
        shutil.rmtree(kept)
        last = self.run_container(client)
        self.assertIn("complete again", server.log())
        kept = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([event["seq"] for event in kept], list(range(1, 7)))
        self.assertEqual([event["id"] for event in kept],
                         [first] * 2 + [container] * 2 + [last] * 2)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
