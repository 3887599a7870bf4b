# SPDX-License-Identifier: Apache-2.0
"""The stream of events: what is replayed, what is live, how it ends, and that nobody's slowness or
disappearance is anybody else's business."""

import os
import signal
import sys
import time

from harness import main
from harness.containerd import FOREVER, ZERO_TIME, ApiError, ContainerdCase
from harness.process import await_handler, wait_until

LIFE = [("start-container", "", 0), ("exit", "init", 0)]


class Events(ContainerdCase):

    def setUp(self):
        super().setUp()
        self.env = {"QUICK_INIT": "exit 0"}
        self.begin()

    def begin(self, *flags):
        self.server = self.daemon(*flags, runtime=self.quick_runtime, env=self.env)
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()

    def restart(self, *flags, number=signal.SIGTERM):
        self.finish(number)
        self.begin(*flags)

    def finish(self, number=signal.SIGTERM):
        self.stream.cancel()
        status = self.server.stop(number)
        self.assertEqual(status, 0 if number != signal.SIGKILL else -number)

    def tearDown(self):
        self.finish()
        super().tearDown()

    def life(self, **fields):
        container, _ = self.create(self.client, self.space.bundle("x"), **fields)
        return container, self.stream.wait_exit(container)

    @staticmethod
    def of(events, container):
        return [(event.type, event.pid, event.status) for event in events if event.id == container]

    def test_replay(self):
        first, exit_of_first = self.life()
        second, _ = self.life()
        stamp = exit_of_first.timestamp
        with self.subTest("all there ever was"):
            events = self.client.stored()
            self.assertEqual(self.of(events, first), LIFE)
            self.assertEqual(self.of(events, second), LIFE)
        with self.subTest("strictly later than a time"):
            events = self.client.stored(stamp.seconds, stamp.nanos)
            self.assertEqual((self.of(events, first), self.of(events, second)), ([], LIFE))
        with self.subTest("of one container"):
            self.assertEqual(self.of(self.client.stored(id=first), first), LIFE)
            self.assertEqual(len(self.client.stored(id=first)), 2)
        with self.subTest("of none"):
            self.assertEqual(self.client.stored(id=self.space.new_id()), [])
            self.assertEqual(self.client.stored(seconds=int(time.time()) + 100), [])

    def test_replay_and_then_live(self):
        first, _ = self.life()
        stream = self.client.events(timestamp={"nanos": 1}).subscribed()
        second, _ = self.life()
        stream.wait_exit(second)
        self.assertEqual((stream.of(first), stream.of(second)), (LIFE, LIFE))
        stream.cancel()

    def test_zero_time_and_no_time_mean_live(self):
        first, _ = self.life()
        streams = [self.client.events(timestamp={"seconds": ZERO_TIME}).subscribed(),
                   self.client.events().subscribed()]
        second, _ = self.life()
        for stream in streams:
            stream.wait_exit(second)
            self.assertEqual((stream.of(first), stream.of(second)), ([], LIFE))
            stream.cancel()

    def test_history_outlives_any_number_of_restarts(self):
        container, _ = self.life()
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
            self.restart(number=number)
            self.assertEqual(self.of(self.client.stored(), container), LIFE)

    def test_retention(self):
        for _ in range(8):
            last, _ = self.life()
        self.restart("--retain-count", "4")
        last, _ = self.life()
        self.assertLessEqual(len(self.client.stored()), 8)
        self.assertEqual(self.of(self.client.stored(), last), LIFE)
        self.restart("--retain-count", "-1")
        for _ in range(8):
            self.life()
        self.assertGreaterEqual(len(self.client.stored()), 20)

    def test_stream_ends_when_the_server_does(self):
        stream = self.client.events().subscribed()
        self.server.stop()
        with self.assertRaises(ApiError) as caught:
            stream.wait_end()
        self.assertIn(caught.exception.code, (1, 14))  # cancelled, unavailable: to be tried again
        self.begin()

    def test_long_replay_holds_nobody_up(self):
        """D67: replays of more than 2048 events froze the original."""
        for _ in range(3):
            container, event = self.life()
        self.finish()
        line = '{{"id":"{0}-old","type":"exit","timestamp":"2020-01-01T00:00:0{1}Z","pid":"init"}}\n'
        with open(os.path.join(self.space.state_root, "events.log"), "w",
                  encoding="utf-8") as log:
            for number in range(9000):
                log.write(line.format(self.space.token, number % 10))
        self.begin("--retain-count", "0")
        unread = self.client._methods["Events"][1](
            self.client._methods["Events"][0](timestamp={"nanos": 1}))
        unread.initial_metadata()
        container, event = self.life()
        self.assertEqual(self.of(self.client.stored(event.timestamp.seconds - 3600), container),
                         LIFE)
        self.assertEqual(len(self.client.stored()), 9002)
        read = [each for _, each in zip(range(9002), unread)]
        self.assertEqual(self.of(read, container), LIFE)
        unread.cancel()

    def test_cancelled_streams_are_forgotten(self):
        for _ in range(20):
            client = self.server.client()
            client.events().subscribed().cancel()
            client.close()
        wait_until(lambda: self.server.open_files() < 50, "connections stay open")
        self.life()

    def test_exit_comes_after_the_start_it_belongs_to(self):
        """D78: of a container that ends while `start` is still running."""
        for _ in range(20):
            container, _ = self.life()
            self.assertEqual(self.stream.of(container), LIFE)


class Order(ContainerdCase):
    """With real runtimes: exits of a container that was left alone for a while."""

    def test_exits_while_nobody_looked(self):
        server = self.daemon()
        client = server.client()
        ended, pid_of_ended = self.create(client, self.space.shell(FOREVER))
        client.AddProcess(id=ended, pid="e", cwd="/", args=["/bin/sleep", "1000"])
        lives, _ = self.create(client, self.space.shell(FOREVER))
        server.kill()
        await_handler(pid_of_ended, signal.SIGTERM)
        os.kill(pid_of_ended, signal.SIGTERM)
        wait_until(lambda: (self.directory(ended) / "init" / "exitStatus").exists(),
                   "the shim has not written the status")
        server = self.daemon()
        client = server.client()
        stream = client.events(timestamp={"nanos": 1}).subscribed()
        stream.wait_exit(ended)
        events = stream.of(ended)
        self.assertEqual(events[-1], ("exit", "init", 3))
        self.assertEqual(events[-2][:2], ("exit", "e"))
        self.assertEqual([event[0] for event in events],
                         ["start-container", "start-process", "exit", "exit"])
        self.assertEqual([info.id for info in client.State().containers], [lives])
        self.end(client, stream, lives)
        stream.cancel()
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
