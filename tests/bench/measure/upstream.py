# SPDX-License-Identifier: Apache-2.0
"""chock-containerd as its clients meet it: over gRPC, from Python, whose share is in every time."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from measure.figures import Sample, Section
from measure.host import Host

_MEMORY_CONTAINERS = 100
_CLIENTS = 20
_ALONE = 5  # as many lives of each round if there is one client: the p99 of 40 would be the maximum
_CROWD, _CREATES = 100, 1000


def measure(place, options):
    if place.build.program("chock-containerd") is None:
        print("bench: skipped: chock-containerd was not built", file=sys.stderr)
        return []
    sys.path.insert(0, os.path.join(place.build.directory, "generated/python"))  # the messages
    host = _Host(place)
    try:
        return [_memory(host), _latency(host, options), _crowd(host)]
    finally:
        host.close()


class _Host(Host):

    def __init__(self, place):
        super().__init__(place)
        from harness.containerd import Daemon  # now that it finds the messages
        self._daemon = Daemon
        self.daemon_path = place.build.program("chock-containerd")

    def daemon(self, runtime=None):
        return self._daemon(self, "--retain-count", "0", shim=self.space.shim,
                            runtime=runtime or self.space.runtime)


class _Watch:
    """When each container's exit was heard of."""

    def __init__(self, client):
        self._stream = client.events().subscribed()

    def life(self, client, container, bundle):
        """From the call of CreateContainer to the exit event, in seconds; the client waits for the
        answer in between, as a client does."""
        begin = time.monotonic()
        client.CreateContainer(id=container, bundlePath=bundle.path, seconds=120)
        self._stream.wait_exit(container, seconds=120)
        return time.monotonic() - begin

    def end(self):
        self._stream.cancel()


def _memory(host):
    server = host.daemon()
    client = server.client()
    client.State()
    idle = Sample("KiB", [server.private_memory()])
    bundle, names = host.space.sleeping(), []
    for _ in range(_MEMORY_CONTAINERS):
        names.append(host.space.new_id())
        client.CreateContainer(id=names[-1], bundlePath=bundle.path, seconds=60)
    full = Sample("KiB", [server.private_memory()])
    stream = client.events().subscribed()
    for name in names:
        client.Signal(id=name, pid="init", signal=9)
    for name in names:
        stream.wait_exit(name, seconds=60)
    stream.cancel()
    server.stop()
    return Section("chock-containerd: private memory (KiB)", ["", "KiB"],
                   [["idle, one client", idle], [f"{_MEMORY_CONTAINERS} containers", full]])


def _latency(host, options):
    section = Section("chock-containerd: CreateContainer to exit event (ms)",
                      ["runtime", "clients", "n", "p50", "p99"])
    bundle = host.space.bundle("/bin/true")
    for name, runtime in (("runc, /bin/true", None), ("one that does nothing", _quick(host))):
        server = host.daemon(runtime)
        watch = _Watch(server.client())
        for clients, lives in ((1, options.rounds * _ALONE), (_CLIENTS, options.rounds)):
            spent = _lives(host, server, watch, bundle, clients, lives)
            section.rows.append([name, str(clients), str(len(spent.values)),
                                 spent.show(spent.median), spent.show(spent.quantile(0.99))])
        watch.end()
        server.stop()
    return section


def _quick(host):
    """Its containers are a shell that exits at once: see tests/support/quick_runtime.cc."""
    return host.space.build.program("tests/support/quick_runtime")


def _lives(host, server, watch, bundle, clients, rounds):
    def live(_):
        client = server.client()
        return [watch.life(client, host.space.new_id(), bundle) for _ in range(rounds)]
    with ThreadPoolExecutor(clients) as pool:
        return Sample("ms", [each for lives in pool.map(live, range(clients)) for each in lives])


def _crowd(host):
    server = host.daemon(_quick(host))
    stream = server.client().events().subscribed()
    bundle = host.space.bundle("/bin/true")
    clients = [server.client() for _ in range(_CROWD)]
    for client in clients:
        client.Check()
    begin = time.monotonic()
    calls = {}
    for number in range(_CREATES):
        name = host.space.new_id()
        calls[name] = clients[number % _CROWD].future("CreateContainer", id=name,
                                                      bundlePath=bundle.path)
    for call in calls.values():
        call.result(300)
    answered = time.monotonic() - begin
    for name in calls:
        stream.wait_exit(name, seconds=300)
    ended = time.monotonic() - begin
    stream.cancel()
    server.stop()
    return Section(
        f"chock-containerd: {_CREATES} creates of {_CROWD} clients at once, a runtime that does "
        "nothing (s)", ["", "s"], [["all answered", Sample("s", [answered])],
                                   ["all exits told", Sample("s", [ended])]])
