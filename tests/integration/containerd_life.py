# SPDX-License-Identifier: Apache-2.0
"""A container's life over containerd 0.2's API, and the order of its events."""

import os
import signal
import sys

from harness import main
from harness.containerd import FOREVER, ContainerdCase


class Life(ContainerdCase):

    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()

    def tearDown(self):
        self.stream.cancel()
        self.server.stop()
        super().tearDown()

    def test_start_and_exit(self):
        container, pid = self.create(self.client, self.space.shell("exit 7"), labels=["a=b"])
        self.assertGreater(pid, 1)
        event = self.stream.wait_exit(container)
        self.assertGreater(event.timestamp.seconds, 0)
        self.assertEqual(self.stream.of(container),
                         [("start-container", "", 0), ("exit", "init", 7)])
        self.assertFalse(self.directory(container).exists())
        self.assertNotIn(container, self.runtime.list())
        self.assertEqual([], list(self.client.State().containers))

    def test_reply_of_a_create(self):
        bundle = self.space.shell(FOREVER)
        container = self.space.new_id()
        reply = self.client.CreateContainer(id=container, bundlePath=bundle.path,
                                            labels=["l", "a=<&>"], stdout="/dev/null").container
        self.assertEqual((reply.id, reply.bundlePath, list(reply.labels), reply.status,
                          reply.runtime), (container, bundle.path, ["l", "a=<&>"], "running",
                                           self.runtime.path))
        self.assertEqual(list(reply.pids), [])
        init, = reply.processes
        self.assertEqual((init.pid, list(init.args), init.cwd, init.stdin, init.stdout),
                         ("init", bundle.process["args"], "/", "/dev/null", "/dev/null"))
        os.kill(init.systemPid, 0)
        self.end(self.client, self.stream, container)
        self.assertEqual(self.stream.of(container)[-1], ("exit", "init", 137))

    def test_signal(self):
        container, _ = self.create(self.client, self.space.shell(f"echo; {FOREVER}"))
        self.client.Signal(id=container, pid="init", signal=int(signal.SIGKILL))
        self.assertEqual(self.stream.wait_exit(container).status, 137)

    def test_execs_and_the_order_of_their_events(self):
        container, _ = self.create(self.client, self.space.shell("exec sleep 1000"))
        for name, status in (("one", 1), ("two", 2)):
            answer = self.client.AddProcess(id=container, pid=name, cwd="/", env=["PATH=/bin"],
                                            args=["/bin/sh", "-c", f"exit {status}"])
            self.assertGreater(answer.systemPid, 1)
            self.assertEqual(self.stream.wait_exit(container, name).status, status)
        for name in ("three", "four"):
            self.client.AddProcess(id=container, pid=name, cwd="/", args=["/bin/sleep", "1000"])
        self.end(self.client, self.stream, container)
        events = self.stream.of(container)
        self.assertEqual(events[0], ("start-container", "", 0))
        self.assertEqual(events[-1], ("exit", "init", 137))
        for name, status in (("one", 1), ("two", 2), ("three", 137), ("four", 137)):
            start = events.index(("start-process", name, 0))
            self.assertLess(start, events.index(("exit", name, status)))
        self.assertEqual(len(events), 10)

    def test_state(self):
        container, pid = self.create(self.client, self.space.shell("sleep 1000 & exec sleep 1000"))
        other, _ = self.create(self.client, self.space.shell("exec sleep 1000"))
        answer = self.client.State(id=container)
        self.assertEqual(answer.machine.cpus, os.cpu_count())
        self.assertGreater(answer.machine.memory, 64)
        info, = answer.containers
        self.assertEqual((info.id, info.status), (container, "running"))
        self.assertIn(pid, info.pids)
        self.assertEqual({each.id for each in self.client.State().containers}, {container, other})
        for each in (container, other):
            self.end(self.client, self.stream, each)
        self.assertEqual(len(self.client.State().containers), 0)

    def test_terminal_stdin_and_size(self):
        """What docker run -it does."""
        bundle = self.space.shell("stty size; read x; stty size; echo got $x", terminal=True)
        source, out = self.space.fifo("in"), self.space.fifo("out")
        reader = os.open(out, os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(source, os.O_RDWR)
        container, _ = self.create(self.client, bundle, stdin=source, stdout=out)
        self.client.UpdateProcess(id=container, pid="init", width=77, height=33)
        os.write(writer, b"word\n")
        self.stream.wait_exit(container)
        data = b""
        while chunk := os.read(reader, 4096):
            data += chunk
        os.close(reader)
        os.close(writer)
        self.assertIn(b"33 77", data)
        self.assertIn(b"got word", data)

    def test_close_stdin(self):
        source, out = self.space.fifo("in"), self.space.file("out", b"")
        writer = os.open(source, os.O_RDWR)
        container, _ = self.create(self.client, self.space.shell("cat"), stdin=source, stdout=out)
        self.client.UpdateProcess(id=container, pid="init", width=80, height=24)  # of no terminal
        os.write(writer, b"all of it")
        os.close(writer)
        self.client.UpdateProcess(id=container, pid="init", closeStdin=True)
        self.assertEqual(self.stream.wait_exit(container).status, 0)
        with open(out, "rb") as written:
            self.assertEqual(written.read(), b"all of it")


if __name__ == "__main__":
    sys.exit(main())
