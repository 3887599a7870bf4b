# SPDX-License-Identifier: Apache-2.0
"""A `chock serve` process, and a client that speaks JSON-RPC to it, one object a line."""

import itertools
import json
import os
import pathlib
import select
import signal
import socket

from harness.case import NO_QUARANTINE, SANITIZED, Case
from harness.process import Deadline

_STAYS = ("events.log", "lock")  # in the state root, when a server has gone
_MARGINS = 3  # a sanitizer's, of many small allocations: 2.1 times as much was measured
_numbers = itertools.count(1)


class ServeCase(Case):
    """A test with servers and clients, whose sockets are closed before what is left is looked at."""

    def setUp(self):
        super().setUp()
        self._sockets = []

    def tearDown(self):
        for each in self._sockets:
            each.close()
        for name in _STAYS:
            pathlib.Path(self.space.state_root, name).unlink(missing_ok=True)
        super().tearDown()

    def closed_at_end(self, closable):
        self._sockets.append(closable)
        return closable

    def serve(self, *options, **how):
        return Server(self, *options, **how)

    def assert_grown_less(self, server, before, limit):
        """Than `limit` bytes, since its private memory was `before`."""
        self.assertLess(server.written_memory() - before, limit * (_MARGINS if SANITIZED else 1))


class ServiceManager:
    """The socket that NOTIFY_SOCKET names: what a service says of itself, in order."""

    def __init__(self, case):
        self.path = case.space.file(f"notify-{next(_numbers)}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        case.closed_at_end(self._socket)

    def next(self, child=None):
        """The next message; fails at once if `child`, who was to send it, has ended instead."""
        deadline = Deadline(what="a message for the service manager")
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        if child is not None:
            pidfd = os.pidfd_open(child.pid)
            poller.register(pidfd, select.POLLIN)
        try:
            ready = {fd for fd, _ in poller.poll(deadline.remaining * 1000)}
        finally:
            if child is not None:
                os.close(pidfd)
        if self._socket.fileno() in ready:
            return self._socket.recv(4096).decode()
        if ready:
            raise EOFError(f"the server has ended: {child.wait()}")
        raise TimeoutError("no message for the service manager")


class Server:
    """Serves the workspace's state root. Ready when constructed; what it logs is in `log_path`."""

    def __init__(self, case, *options, wrapper=(), socket_path=None, log=None, **spawn):
        self._case = case
        self.manager = ServiceManager(case)
        self.log_path = case.space.file(f"serve-{next(_numbers)}.log")
        self.socket_path = socket_path or os.path.join(case.space.state_root, "chock.sock")
        environment = case.space.environment | {
            "NOTIFY_SOCKET": self.manager.path,
            "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:{NO_QUARANTINE}",
        } | spawn.pop("env", {})
        with open(self.log_path, "ab") as own_log:
            self.child = case.spawn([*wrapper, *case.chock_argv("serve", *options)],
                                    stderr=own_log if log is None else log, env=environment,
                                    **spawn)
        self.pid = self.child.pid
        try:
            message = self.manager.next(self.child)
        except EOFError as error:
            raise EOFError(f"{error}: {self.log()}") from error
        case.assertEqual(message, "READY=1")

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def connect(self):
        return self._case.closed_at_end(Client(self.socket_path))

    def stop(self, number=signal.SIGTERM):
        """Ends it as a service manager does; returns its exit status."""
        self.child.send_signal(number)
        return self.child.wait(60)

    def kill(self):
        self.child.kill()
        self.child.wait(60)

    def open_files(self):
        return sorted(os.listdir(f"/proc/{self.pid}/fd"), key=int)

    def private_memory(self):
        """Bytes that are its alone."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="utf-8") as rollup:
            return sum(int(line.split()[1]) * 1024 for line in rollup
                       if line.startswith(("Private_Clean:", "Private_Dirty:")))

    def written_memory(self):
        """Bytes that it has written. (Pages of the program itself become its alone when the last
        other copy that runs ends, which is no growth.)"""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="utf-8") as rollup:
            return sum(int(line.split()[1]) * 1024 for line in rollup
                       if line.startswith("Private_Dirty:"))

    def wake_ups(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status
                        if line.startswith("voluntary_ctxt_switches:"))


class RpcError(Exception):
    """The error object of an answer."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        self.data = error.get("data", {})


class Client:
    """One connection."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._numbers = itertools.count(1)
        self._buffer = b""
        self.notifications = []  # [(method, params)], those that came while waiting for answers
        self._answers = {}

    def close(self):
        self._socket.close()

    def shut_down_sending(self):
        self._socket.shutdown(socket.SHUT_WR)

    def fileno(self):
        return self._socket.fileno()

    def send_bytes(self, data):
        self._socket.sendall(data)

    def send(self, method, **params):
        """Begins a call and returns its number."""
        number = next(self._numbers)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self.send_bytes(json.dumps(request).encode() + b"\n")
        return number

    def read(self, deadline=None):
        """The next message, or None at the end of the connection."""
        deadline = deadline or Deadline(what="a message of the server")
        while b"\n" not in self._buffer:
            self._socket.settimeout(deadline.remaining)
            try:
                data = self._socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def _advance(self, deadline):
        message = self.read(deadline)
        if message is None:
            raise EOFError("the server has closed the connection")
        if "method" in message:
            self.notifications.append((message["method"], message["params"]))
        else:
            self._answers[message["id"]] = message

    def result(self, number):
        deadline = Deadline(what=f"the answer to call {number}")
        while number not in self._answers:
            self._advance(deadline)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    def call(self, method, **params):
        return self.result(self.send(method, **params))

    def wait_notification(self, matches, what):
        """The first notification, past or future, for which `matches(method, params)` is true."""
        deadline = Deadline(what=what)
        seen = 0
        while True:
            for method, params in self.notifications[seen:]:
                if matches(method, params):
                    return params
            seen = len(self.notifications)
            self._advance(deadline)

    def wait_event(self, kind, container_id, process=""):
        """Of a subscription: the event of this type."""
        def matches(method, params):
            event = params.get("event", {})
            return method == "event" and event["type"] == kind and event["id"] == container_id \
                and event.get("pid", "") == process
        return self.wait_notification(matches, f"{kind} of {container_id} {process}")["event"]

    def wait_end(self):
        """To the end of a subscription that does not follow; all events."""
        self.wait_notification(lambda method, _: method == "end", "the end of the subscription")
        return [params["event"] for method, params in self.notifications if method == "event"]
