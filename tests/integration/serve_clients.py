# SPDX-License-Identifier: Apache-2.0
"""Clients that are too many, of the wrong user, slow, or gone."""

import os
import resource
import signal
import sys

from pathlib import Path

from harness import main
from harness.case import not_sanitized
from harness.process import Deadline
from harness.serve import Client, RpcError, ServeCase

_CONNECTIONS = 256  # as in rpc/server.cc


def _as_nobody(action):
    """Runs `action` in a child of another user; its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            os._exit(action())
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Clients(ServeCase):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.steady = self.server.connect()
        self.settle()

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0)
        super().tearDown()

    def settle(self):
        """Lets the server turn to everything that has come to it by now."""
        self.steady.call("list")

    def wait_files(self, expected):
        """Closed connections are closed here as well, without a request having to ask."""
        deadline = Deadline(what=f"{expected} open files, not {len(self.server.open_files())}")
        while len(self.server.open_files()) != expected:
            self.assertGreater(deadline.remaining, 0)
            self.settle()

    def test_more_connections_than_there_may_be(self):
        before = len(self.server.open_files())
        clients = [self.server.connect() for _ in range(_CONNECTIONS - 1)]
        for client in clients:
            client.call("list")
        for _ in range(300 - _CONNECTIONS):
            refused = Client(self.server.socket_path)
            self.assertIn("too many connections", refused.read()["error"]["message"])
            self.assertIsNone(refused.read())
            refused.close()
        self.assertEqual(self.server.log().count("turned away"), 1)
        clients.pop().close()
        clients[0].call("list")
        for client in clients[1:]:
            client.close()
        self.wait_files(before + 1)
        self.settle()

    def test_idle_connections_cost_next_to_nothing(self):
        """A large request of the past included."""
        before = self.server.written_memory()
        clients = [self.server.connect() for _ in range(200)]
        for client in clients:
            client.call("list")
        self.assert_grown_less(self.server, before, 4 << 20)
        for client in clients[:16]:
            with self.assertRaises(RpcError):
                client.call("state", id="x" * (1 << 20))
        self.assert_grown_less(self.server, before, 12 << 20)

    def test_a_thousand_clients_leave_nothing(self):
        before = len(self.server.open_files())
        for number in range(1000):
            client = Client(self.server.socket_path)
            if number % 3 == 0:
                client.send_bytes(b"{\"jsonrpc\":")
            elif number % 3 == 1:
                client.call("events", after=0)
            client.close()
        self.wait_files(before)

    def test_another_user_is_turned_away(self):
        """Even one who gets at the socket's name (the mode of the directory is not what counts)."""
        os.chmod(self.space.root, 0o711)
        os.chmod(self.space.state_root, 0o711)
        os.chmod(self.server.socket_path, 0o666)

        def ask():
            client = Client(self.server.socket_path)
            answer = client.read()
            return 0 if "permission denied" in answer["error"]["message"] \
                and client.read() is None else 1
        self.assertEqual(_as_nobody(ask), 0)
        self.assertIn("without permission", self.server.log())

    def test_another_user_does_not_get_at_the_socket(self):
        os.chmod(self.space.root, 0o711)
        os.chmod(self.space.state_root, 0o711)

        def connect():
            try:
                Client(self.server.socket_path)
            except PermissionError:
                return 0
            return 1
        self.assertEqual(_as_nobody(connect), 0)

    def test_client_killed_in_the_middle_of_a_start(self):
        """Nothing of the start is left, and the id is free again."""
        ready, container = self.space.fifo("ready"), self.space.new_id()
        runtime = self.space.file("runtime")  # which never comes to an end of `create`
        Path(runtime).write_text(
            "#!/bin/sh\ncase \" $* \" in *\" create \"*) echo > " + ready + "; exec sleep 1000;; "
            f"esac\nexec {self.runtime.path} \"$@\"\n", encoding="utf-8")
        os.chmod(runtime, 0o755)
        bundle = self.space.shell("exec sleep 1000").path
        pid = os.fork()
        if pid == 0:
            Client(self.server.socket_path).call("start", id=container, bundle=bundle,
                                                 runtime=runtime)
            os._exit(0)
        with open(ready, "rb") as fifo:
            fifo.read()
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        client = self.server.connect()
        client.call("events", after=0)
        directory = Path(self.space.state_root, container)
        deadline = Deadline(what="the start to be undone")
        while directory.exists():
            self.assertGreater(deadline.remaining, 0)
            self.settle()
        client.call("start", id=container, bundle=self.space.shell("exit 3").path)
        self.assertEqual(client.wait_event("exit", container, "init")["status"], 3)
        self.assertEqual([params["event"]["type"] for method, params in client.notifications
                          if method == "event"],
                         ["start-container", "exit"])

    def test_client_that_asks_and_never_reads(self):
        """It is not read from either, once that many answers wait for it; and costs no memory."""
        self.settle()
        before = self.server.written_memory()
        client = self.server.connect()
        os.set_blocking(client.fileno(), False)
        request = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nothing\"}\n" * 1000
        sent = 0
        try:
            while sent < 64 << 20:
                sent += os.write(client.fileno(), request)
                self.settle()
        except BlockingIOError:
            pass
        self.assertLess(sent, 16 << 20)
        self.assert_grown_less(self.server, before, 8 << 20)

    def test_large_answers_that_nobody_reads(self):
        """They are bounded by their size as well: a megabyte, and the one that exceeds it."""
        container = self.space.new_id()
        self.steady.call("events")
        self.steady.call("start", id=container, labels=["x" * 1000] * 300,
                         bundle=self.space.shell("exec sleep 1000").path)
        self.settle()
        before = self.server.written_memory()
        client = self.server.connect()
        client.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"list\"}\n" * 64)
        self.settle()
        self.assert_grown_less(self.server, before, 8 << 20)
        for _ in range(64):
            self.assertEqual(client.read()["result"]["containers"][0]["id"], container)
        self.steady.call("kill", id=container, signal=9)
        self.steady.wait_event("exit", container, "init")

    def test_unread_answers_do_not_outlive_their_client(self):
        before = len(self.server.open_files())
        for _ in range(20):
            client = Client(self.server.socket_path)
            client.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"list\"}\n" * 5000)
            client.close()
        self.wait_files(before)


class FewDescriptors(ServeCase):
    """A server that runs out of descriptors says so, waits, and goes on when there are some."""

    def test_clients_leave_enough_for_containers(self):
        server = self.serve(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        clients = [server.connect() for _ in range(16)]
        for client in clients:
            client.call("list")
        self.assertIn("too many connections", server.connect().read()["error"]["message"])
        container = self.space.new_id()
        clients[0].call("start", id=container, bundle=self.space.shell("exec sleep 1000").path,
                        stdio={"fifos": False})
        waiting = clients[1].send("wait", id=container)
        clients[1].call("list")  # so that the other has been read
        clients[0].call("kill", id=container, signal=int(signal.SIGKILL))
        self.assertEqual(clients[1].result(waiting), {"exitStatus": 137})
        self.assertEqual(server.stop(), 0)

    def test_containers_that_need_more_than_there_are(self):
        server = self.serve(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        client = server.connect()
        client.call("events")
        started = []
        bundle = self.space.shell("exec sleep 1000").path
        with self.assertRaises(RpcError) as caught:
            while len(started) < 64:
                container = self.space.new_id()
                client.call("start", id=container, bundle=bundle)
                started.append(container)
        self.assertEqual(str(caught.exception), f"start {container}: too many open files")
        self.assertGreater(len(started), 2)
        self.assertFalse(os.path.exists(os.path.join(self.space.state_root, container)))
        with self.assertRaises(RpcError) as caught:
            client.call("exec", id=started[0], args=["/bin/true"])
        self.assertEqual(str(caught.exception), f"exec {started[0]}: too many open files")
        for container in started:
            client.call("kill", id=container, signal=9)
            client.wait_event("exit", container, "init")
        last = self.space.new_id()
        client.call("start", id=last, bundle=self.space.shell("exit 0").path)
        client.wait_event("exit", last, "init")
        self.assertEqual(client.call("list"), {"containers": []})
        self.assertEqual(server.stop(), 0)

    @not_sanitized("UBSan's check of vptrs makes a pipe, and takes its failure for a bad object")
    def test_connection_that_cannot_be_accepted_yet(self):
        server = self.serve()
        server.connect().call("list")  # when that is answered, its start is over
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        free = next(number for number in range(1000) if str(number) not in server.open_files())
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (free, hard))
        client = server.connect()
        number = client.send("list")
        ticks = _cpu_ticks(server.pid)
        with self.assertRaises(TimeoutError):
            client.read(Deadline(1, "an answer that cannot come yet"))
        self.assertLess(_cpu_ticks(server.pid) - ticks, 10, "it spins")
        self.assertEqual(server.log().count("accept: too many open files"), 1)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.assertEqual(client.result(number), {"containers": []})
        self.assertEqual(server.stop(), 0)


def _cpu_ticks(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    sys.exit(main())
