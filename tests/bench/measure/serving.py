# SPDX-License-Identifier: Apache-2.0
"""`chock serve` with many containers: its memory, its wake-ups, and how soon an exit is told."""

import os
import signal
import time

from harness.serve import Server

from measure.figures import Budget, Sample, Section
from measure.host import ServeHost, await_containers, start_containers

_STEPS = (0, 100, 1000)  # live containers
_AT_ONCE = 50
_EXITS = 300
_MEMORY_LIMIT = 16 << 10  # KiB
_IDLE_SECONDS = 10


def measure(place, _options):
    host = ServeHost(place)
    try:
        return _figures(place, Server(host))
    finally:
        host.close()


def _figures(place, server):
    client, bundle, pids = server.connect(), place.sleeping(), {}
    memory = Section("`chock serve`: private memory (KiB)", ["live containers", "KiB"])
    for count in _STEPS:
        pids |= start_containers(place, client, bundle, count - len(pids), _AT_ONCE)
        held = Sample("KiB", [server.private_memory() >> 10])
        memory.rows.append([str(count), held])
    memory.budgets.append(Budget(f"`chock serve`: private memory, {len(pids)} containers", held,
                                 _MEMORY_LIMIT))
    wake_ups = _wake_ups(server)
    memory.rows.append([f"wake-ups in {_IDLE_SECONDS} s, {len(pids)} containers", wake_ups])
    memory.budgets.append(Budget(f"`chock serve`: wake-ups in {_IDLE_SECONDS} s", wake_ups, 0))
    exits = _exits(server, pids)
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    await_containers(client, 0)
    return [memory, exits]


def _wake_ups(server):
    before = server.wake_ups()
    time.sleep(_IDLE_SECONDS)
    return Sample("", [server.wake_ups() - before])


def _exits(server, pids):
    """One after the other, with all the others alive."""
    subscriber, spent, alive = server.connect(), Sample("ms"), len(pids)
    subscriber.call("events")
    for name in list(pids)[:_EXITS]:
        begin = time.monotonic()
        os.kill(pids.pop(name), signal.SIGKILL)
        while True:
            message = subscriber.read()
            event = message["params"].get("event", {}) if "method" in message else {}
            if (event.get("type"), event.get("id")) == ("exit", name):
                break
        spent.add(time.monotonic() - begin)
    return Section(
        f"`chock serve`: SIGKILL → exit event read by a subscriber, {alive} live containers at "
        "first (ms)", ["runtime", "n", "p50", "p99"],
        [["one that does nothing", str(len(spent.values)), spent.show(spent.median),
          spent.show(spent.quantile(0.99))]])
