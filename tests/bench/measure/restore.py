# SPDX-License-Identifier: Apache-2.0
"""How soon `chock serve` answers when it finds a thousand containers, not all of them well."""

import os
import signal
import time

from harness.process import Deadline, wait_pidfd
from harness.serve import Server

from measure.figures import Budget, Sample, Section
from measure.host import ServeHost, await_containers, start_containers

_DIRECTORIES = 1000
_ODD = 10  # of each kind among them: a directory that says nothing, a stopped shim, a dead one
_AT_ONCE = 50
_ROUNDS = 7
_LIMIT = 1.0


def measure(place, _options):
    host = ServeHost(place, _make_runtime(place))
    try:
        return _figures(place, host)
    finally:
        host.close()


def _make_runtime(place):
    """The null runtime under another name: a process that bears the name of its runtime is taken
    for one that was created and never started, and asking about each of them is not what a server
    does that finds running containers."""
    path = place.file("runtime")
    with open(path, "w", encoding="utf-8") as out:
        out.write(f'#!/bin/sh\nexec {place.null_runtime} "$@"\n')
    os.chmod(path, 0o700)
    return path


def _figures(place, host):
    corrupt = [_make_corrupt(place) for _ in range(_ODD)]
    server, pids, took = Server(host), {}, Sample("s")
    client, bundle = server.connect(), place.sleeping()
    for number in range(-1, _ROUNDS):
        pids |= start_containers(place, client, bundle, _DIRECTORIES - _ODD - len(pids), _AT_ONCE)
        server.kill()
        dead, stopped = list(pids)[:_ODD], list(pids)[_ODD:2 * _ODD]
        shims = [_parent(pids[name]) for name in stopped]
        _kill([_parent(pids.pop(name)) for name in dead])
        _signal(shims, signal.SIGSTOP)
        spent, server, client = _adopt(host, [*corrupt, *dead, *pids])
        if number >= 0:  # the first round warms the page cache
            took.add(spent)
        _signal(shims, signal.SIGCONT)
        await_containers(client, len(pids) + _ODD)
    _signal(pids.values(), signal.SIGKILL)
    await_containers(client, _ODD)
    for name in corrupt:
        client.call("delete", id=name, force=True)
    section = Section(
        f"`chock serve` in a directory with {_DIRECTORIES} containers: exec → first answer (s, "
        f"n = {_ROUNDS})", ["of which", "median (min … max)"],
        [[f"{_ODD} unreadable, {_ODD} with a stopped shim, {_ODD} with a dead one", took]])
    section.budgets.append(
        Budget(f"`chock serve`: first answer, {_DIRECTORIES} containers", took, _LIMIT))
    section.notes.append("The request is a `list`, made when the server says that it is ready; "
                         "all the directories are in its answer.")
    return [section]


def _adopt(host, names):
    """Seconds, the server, and the client that it answered. One whose shim is dead may have been
    seen off before the answer, and is in it or not."""
    begin = time.monotonic()
    server = Server(host)
    client = server.connect()
    listed = client.call("list")["containers"]
    spent = time.monotonic() - begin
    missing = set(names) - {container["id"] for container in listed}
    if len(missing) > _ODD:
        raise AssertionError(f"not adopted: {sorted(missing)}")
    return spent, server, client


def _make_corrupt(place):
    name = place.new_id()
    directory = os.path.join(place.state_root, name)
    os.makedirs(os.path.join(directory, "init"), mode=0o700)
    with open(os.path.join(directory, "state.json"), "w", encoding="utf-8") as out:
        out.write("{")
    return name


def _parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
        return int(source.read().rpartition(")")[2].split()[1])


def _signal(pids, number):
    for pid in pids:
        os.kill(pid, number)


def _kill(pids):
    _signal(pids, signal.SIGKILL)
    for pid in pids:
        wait_pidfd(pid, Deadline(what=f"shim {pid} to die"))
