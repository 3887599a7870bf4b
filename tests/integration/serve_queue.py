# SPDX-License-Identifier: Apache-2.0
"""More starts than the server makes at a time: the rest wait for their turn in the order in which
they came, and nobody else waits for any of them. The runtime is the quick one below a script whose
`create` waits for a word, a container at a time."""

import os
import signal
import sys

from pathlib import Path

from harness import main
from harness.case import parametrised
from harness.process import Deadline, read_line
from harness.serve import RpcError, ServeCase

_STARTS = 15


class Queue(ServeCase):

    def setUp(self):
        super().setUp()
        self.arrived = self.opened(self.space.fifo("arrived"))
        self.calls = self.space.file("calls", b"")  # who is in the runtime, in order
        self.gates = {}
        self.server = self.client = self.bundle = None

    def opened(self, fifo):
        """For both, so that nobody waits for us."""
        file = os.fdopen(os.open(fifo, os.O_RDWR), "r+b", buffering=0)
        return self.closed_at_end(file)

    def serve_queue(self, *options):
        state = self.space.file("quick")
        os.mkdir(state)
        self.server = self.serve("--runtime", self.runtime_that_waits(), *options,
                                 env={"QUICK_STATE": state, "QUICK_INIT": "exec sleep 1000",
                                      "QUICK_EXEC": "exit 4"})
        self.client = self.server.connect()
        self.client.call("events")
        self.bundle = self.space.shell("x").path

    def runtime_that_waits(self):
        path = Path(self.space.file("runtime"))
        path.write_text(
            "#!/bin/sh\n"
            "for id; do :; done\n"  # the last word
            f"gate={self.space.files}/gate-$id\n"
            "case \" $* \" in *\" create \"*) if [ -p $gate ]; then\n"
            f"  echo + $id >> {self.calls}; echo $id > {self.space.files}/arrived\n"
            "  read word < $gate\n"
            f"  echo - $id >> {self.calls}; [ $word = go ] || exit 1\n"
            "fi;; esac\n"
            f"exec {self.build_dir}/tests/support/quick_runtime \"$@\"\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def begin(self, client=None):
        """A start whose `create` waits for its gate; the container and the call."""
        container = self.space.new_id()
        self.gates[container] = self.opened(self.space.fifo(f"gate-{container}"))
        return container, (client or self.client).send("start", id=container, bundle=self.bundle)

    def open_gate(self, container, word="go"):
        self.gates[container].write(word.encode() + b"\n")

    def next_arrival(self):
        return read_line(self.arrived.fileno(), Deadline(what="a runtime"))

    def creating(self):
        """What the server has begun; all that was asked for before has been looked at."""
        return {container["id"] for container in self.client.call("list")["containers"]
                if container["status"] == "creating"}

    def most_at_once(self):
        inside, most = set(), 0
        for line in Path(self.calls).read_text(encoding="utf-8").splitlines():
            sign, container = line.split()
            inside ^= {container}
            most = max(most, len(inside))
            self.assertEqual(sign == "+", container in inside)
        return most

    def finish(self, containers):
        for container in containers:
            self.client.call("delete", id=container, force=True)
        self.assertEqual(self.client.call("list"), {"containers": []})
        self.assertEqual(self.server.stop(), 0)

    @parametrised({"default": ((), 10), "two": (("--concurrent-starts", "2"), 2),
                   "more": (("--concurrent-starts", "20"), _STARTS)})
    def test_no_more_at_a_time(self, options, limit):
        self.serve_queue(*options)
        calls = dict(self.begin() for _ in range(_STARTS))
        ids = list(calls)
        arrived = [self.next_arrival() for _ in range(limit)]
        self.assertEqual(set(arrived), set(ids[:limit]))
        for done in range(_STARTS):
            self.assertEqual(self.creating(), set(ids[done:done + limit]))
            self.open_gate(ids[done])
            self.client.result(calls[ids[done]])
            if done + limit < _STARTS:
                self.assertEqual(self.next_arrival(), ids[done + limit])
        self.assertEqual(self.most_at_once(), limit)
        self.finish(ids)

    def test_nobody_else_waits(self):
        """Whoever has no start to wait for is answered while all places are taken."""
        self.serve_queue()
        running = self.space.new_id()
        pid = self.client.call("start", id=running, bundle=self.bundle)["pid"]
        ended = self.space.new_id()
        self.client.call("start", id=ended, bundle=self.bundle)
        calls = dict(self.begin() for _ in range(_STARTS))
        for _ in range(10):
            self.next_arrival()
        other = self.server.connect()
        self.assertEqual(len(other.call("list")["containers"]), 12)
        self.assertEqual(other.call("state", id=running)["processes"][0]["pid"], pid)
        other.call("exec", id=running, process="e", args=["x"])
        self.assertEqual(self.client.wait_event("exit", running, "e")["status"], 4)
        other.call("kill", id=ended, signal=int(signal.SIGKILL))
        self.assertEqual(self.client.wait_event("exit", ended, "init")["status"], 137)
        other.call("delete", id=running, force=True)
        with self.assertRaises(RpcError) as caught:  # told at once, not in its turn
            other.call("start", id=next(iter(calls)), bundle=self.bundle)
        self.assertIn("exists", str(caught.exception))
        with self.assertRaises(RpcError):
            other.call("start", id=self.space.new_id(), bundle="/no/such/bundle")
        self.assertEqual(self.creating(), set(list(calls)[:10]))
        for container, call in calls.items():
            self.open_gate(container)
            self.client.result(call)
        self.finish(calls)

    def test_failures_make_room(self):
        self.serve_queue("--concurrent-starts", "2")
        calls = dict(self.begin() for _ in range(6))
        ids = list(calls)
        self.assertEqual({self.next_arrival() for _ in range(2)}, set(ids[:2]))
        for failing, following in zip(ids[:4], ids[2:]):
            self.open_gate(failing, "fail")
            with self.assertRaises(RpcError):
                self.client.result(calls[failing])
            self.assertEqual(self.next_arrival(), following)
        for container in ids[4:]:
            self.open_gate(container)
            self.client.result(calls[container])
        self.assertEqual(self.most_at_once(), 2)
        self.finish(ids[4:])

    def test_who_leaves_the_queue_is_not_started(self):
        self.serve_queue("--concurrent-starts", "1")
        first, call = self.begin()
        self.assertEqual(self.next_arrival(), first)
        leaver = self.server.connect()
        left, _ = self.begin(leaver)
        leaver.call("list")  # the start has come to the queue
        last, last_call = self.begin()
        leaver.close()
        self.client.call("list")
        self.open_gate(first)
        self.client.result(call)
        self.assertEqual(self.next_arrival(), last)
        self.open_gate(last)
        self.client.result(last_call)
        self.assertNotIn(left, Path(self.calls).read_text(encoding="utf-8"))
        self.finish([first, last])


if __name__ == "__main__":
    sys.exit(main())
