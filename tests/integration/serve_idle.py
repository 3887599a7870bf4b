# SPDX-License-Identifier: Apache-2.0
"""A server that has nothing to do does nothing, whatever waits for it."""

import select
import sys

from harness import main
from harness.process import await_asleep
from harness.serve import ServeCase

_IDLE_SECONDS = 2
_SECONDS_TO_REST = 0.5  # from its last answer until it waits again


class Idle(ServeCase):

    def hear_nothing(self, clients, seconds):
        self.assertEqual(select.select(clients, [], [], seconds), ([], [], []))

    def test_no_wake_ups(self):
        server = self.serve("--metrics-address", f"unix://{self.space.file('metrics')}")
        client = server.connect()
        client.call("events")
        containers = [self.space.new_id() for _ in range(2)]
        for container in containers:
            client.call("start", id=container, bundle=self.space.shell("exec sleep 1000").path)
            client.call("exec", id=container, process="e", args=["/bin/sleep", "1000"])
            waiting = client.send("wait", id=container)
        idle = [server.connect() for _ in range(5)]
        for connection in idle:
            connection.call("list")
        self.hear_nothing(idle, _SECONDS_TO_REST)
        await_asleep(server.pid, "poll")
        before = server.wake_ups()
        self.hear_nothing(idle, _IDLE_SECONDS)
        self.assertEqual(server.wake_ups() - before, 0)
        for container in containers:
            client.call("kill", id=container, signal=9)
            client.wait_event("exit", container, "init")
        self.assertEqual(client.result(waiting), {"exitStatus": 137})
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
