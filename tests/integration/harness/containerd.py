# SPDX-License-Identifier: Apache-2.0
"""A chock-containerd process, and clients of its API: Python's gRPC library with messages that
protoc has made of the .proto, so that nothing of either end is the other's code.

These tests need python3-grpcio and python3-protobuf; all others do with the standard library."""

import os
import pathlib
import shutil
import signal
import sys
import threading

import grpc

from harness.case import Case
from harness.process import DEADLINE
from harness.serve import ServiceManager

sys.path.insert(0, os.path.join(Case.build_dir, "generated/python"))

import api_pb2  # noqa: E402
import health_pb2  # noqa: E402

_API = api_pb2.DESCRIPTOR.services_by_name["API"]
_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"]
_STAYS = ("events.log", "lock", "chock.sock")  # in the state root, when a server has gone
ZERO_TIME = -62135596800  # Go's: the beginning of year 1
FOREVER = "trap 'exit 3' TERM; while :; do sleep 1000 & wait; done"


def message(descriptor):
    return descriptor._concrete_class


class ApiError(Exception):
    """A status that is not OK: `code` as a number, `text`."""

    def __init__(self, error):
        super().__init__(f"{error.code().name}: {error.details()}")
        self.code, self.text = error.code().value[0], error.details()


class Client:
    """One connection. `client.State(id="x")` calls a method with the fields of its request."""

    def __init__(self, target):
        self._channel = grpc.insecure_channel(target, options=[
            ("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.min_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)])
        self._methods = {}
        for service in (_API, _HEALTH):
            for method in service.methods:
                make = self._channel.unary_stream if method.name == "Events" \
                    else self._channel.unary_unary
                request = message(method.input_type)
                self._methods[method.name] = request, make(
                    f"/{service.full_name}/{method.name}",
                    request_serializer=request.SerializeToString,
                    response_deserializer=message(method.output_type).FromString)

    def __getattr__(self, name):
        if name not in self._methods:
            raise AttributeError(name)
        request, method = self._methods[name]

        def call(seconds=DEADLINE, **fields):
            try:
                return method(request(**fields), timeout=seconds, wait_for_ready=True)
            except grpc.RpcError as error:
                raise ApiError(error) from None
        return call

    def future(self, method_name, **fields):
        """A call that runs, and can be cancelled."""
        request, method = self._methods[method_name]
        return method.future(request(**fields), wait_for_ready=True)

    def raw(self, path, request=b"", seconds=DEADLINE):
        """Bytes to bytes."""
        try:
            return self._channel.unary_unary(path)(request, timeout=seconds, wait_for_ready=True)
        except grpc.RpcError as error:
            raise ApiError(error) from None

    def events(self, seconds=None, **fields):
        request, method = self._methods["Events"]
        return EventStream(method(request(**fields), timeout=seconds, wait_for_ready=True))

    def stored(self, seconds=0, nanos=1, **fields):
        """What has been kept since a time: all of it, unless told otherwise."""
        stream = self.events(timestamp={"seconds": seconds, "nanos": nanos}, storedOnly=True,
                             **fields)
        return stream.wait_end()

    def close(self):
        self._channel.close()


class EventStream:
    """The events of one call, as they come: (type, pid, status) by container."""

    def __init__(self, call):
        self._call = call
        self._changed = threading.Condition()
        self._events, self._end = [], None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for event in self._call:
                with self._changed:
                    self._events.append(event)
                    self._changed.notify_all()
            end = "OK"
        except grpc.RpcError as error:
            end = ApiError(error)
        with self._changed:
            self._end = end
            self._changed.notify_all()

    def subscribed(self):
        """Waits until the server has accepted the subscription: nothing is missed from now on."""
        self._call.initial_metadata()
        return self

    def all(self):
        with self._changed:
            return list(self._events)

    def of(self, container):
        return [(event.type, event.pid, event.status) for event in self.all()
                if event.id == container]

    def wait(self, condition, seconds=DEADLINE):
        """The first event that fulfils it."""
        with self._changed:
            if not self._changed.wait_for(
                    lambda: self._end is not None or any(map(condition, self._events)), seconds):
                raise TimeoutError(f"no such event in {len(self._events)}")
            for event in self._events:
                if condition(event):
                    return event
        raise EOFError(f"the stream ended without: {self._end}")

    def wait_exit(self, container, process="init", seconds=DEADLINE):
        return self.wait(lambda event: (event.type, event.id, event.pid) ==
                         ("exit", container, process), seconds)

    def wait_type(self, name, container):
        return self.wait(lambda event: (event.type, event.id) == (name, container))

    def wait_end(self, seconds=DEADLINE):
        """All events, once the stream has ended; an end that is not clean is raised."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._end is not None, seconds):
                raise TimeoutError("the stream does not end")
            if isinstance(self._end, ApiError):
                raise self._end
        return self.all()

    def cancel(self):
        self._call.cancel()
        self._thread.join(DEADLINE)


class Daemon:
    """Ready when constructed. `shim=None`: the default. What it logs is in `log_path`."""

    def __init__(self, case, *flags, shim=None, runtime=None, listen=None, env=(), wrapper=(),
                 state_root=None, **spawn):
        self.state_root = state_root or case.space.state_root
        self.socket_path = case.space.file("c.sock")
        self.listen = listen or f"unix://{self.socket_path}"
        self._case = case
        self.manager = ServiceManager(case)
        self.log_path = case.space.file(f"containerd-{case.space.new_id()}.log")
        words = [*wrapper, case.daemon_path, "--state-dir", self.state_root, "--listen",
                 self.listen, "--runtime", runtime or case.runtime.path, *flags]
        if shim:
            words += ["--shim", shim]
        environment = case.space.environment | {"NOTIFY_SOCKET": self.manager.path} | dict(env)
        with open(self.log_path, "wb") as log:
            self.child = case.spawn(words, stderr=log, env=environment, **spawn)
        self.pid = self.child.pid
        try:
            said = self.manager.next(self.child)
        except EOFError as error:
            raise EOFError(f"{error}: {self.log()}") from error
        if said != "READY=1":
            raise ValueError(said)

    def log(self):
        return pathlib.Path(self.log_path).read_text(encoding="utf-8")

    def client(self):
        target = self.listen.replace("tcp://", "").replace("unix://", "unix:")
        return self._case.closed_at_end(Client(target))

    def stop(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        return self.child.wait(60)

    def kill(self):
        self.child.kill()
        self.child.wait(60)

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def private_memory(self):
        """KiB that are its alone."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="utf-8") as rollup:
            return sum(int(line.split()[1]) for line in rollup
                       if line.startswith(("Private_Clean:", "Private_Dirty:")))


class ContainerdCase(Case):

    programs = ("chock-containerd", "chock-shim")

    @property
    def daemon_path(self):
        return os.path.join(self.build_dir, "chock-containerd")

    @property
    def quick_runtime(self):
        """A runtime whose containers are a piece of shell each, QUICK_INIT, made in a millisecond;
        see quick_runtime.cc."""
        return os.path.join(self.build_dir, "tests/support/quick_runtime")

    def run(self, result=None):
        _open_global_descriptors()
        return super().run(result)

    def setUp(self):
        super().setUp()
        self._open = []

    def tearDown(self):
        for each in reversed(self._open):
            each.close()
        self._before |= _own_sockets()
        for name in _STAYS:
            pathlib.Path(self.space.state_root, name).unlink(missing_ok=True)
        super().tearDown()

    def closed_at_end(self, closable):
        self._open.append(closable)
        return closable

    def daemon(self, *flags, **options):
        return Daemon(self, *flags, **options)

    def create(self, client, bundle, container=None, **fields):
        """Starts a container; its id and its init's pid."""
        container = container or self.space.new_id()
        answer = client.CreateContainer(id=container, bundlePath=getattr(bundle, "path", bundle),
                                        **fields)
        init = {process.pid: process for process in answer.container.processes}["init"]
        return container, init.systemPid

    def end(self, client, stream, container):
        """Kills a container and waits until that has been told."""
        client.Signal(id=container, pid="init", signal=int(signal.SIGKILL))
        stream.wait_exit(container)

    def refused(self, method, **fields):
        """Code and text of a call that must fail."""
        with self.assertRaises(ApiError) as caught:
            method(**fields)
        return caught.exception.code, caught.exception.text

    def directory(self, container):
        return pathlib.Path(self.space.state_root, container)

    def remove_directory(self, container):
        shutil.rmtree(self.directory(container), ignore_errors=True)


_opened = []


def _open_global_descriptors():
    """gRPC keeps some for as long as the process lives; they are not to be taken for a leak."""
    if not _opened:
        _opened.append(True)
        client = Client("unix:/nonexistent")
        try:
            client.Check(seconds=0.1)
        except ApiError:
            client.close()


def _own_sockets():
    """As a snapshot names them. The library closes a channel's in its own time; whether the daemon
    lets go of a connection is for tests to ask the daemon."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the one that listed
            continue
        if target.startswith("socket:"):
            found.add(f"descriptor {name} -> {target}")
    return found
