# SPDX-License-Identifier: Apache-2.0
"""chock's verbs as whole processes: what a script that calls them waits for."""

import os
import select
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from harness.process import Deadline, wait_fd
from harness.runtimes import RUNTIMES

from measure.figures import Budget, Sample, Section
from measure.shims import Bare

_STATE_LIMIT = 0.003
_RUN_LIMIT = 0.005  # over a bare `run`
_AT_ONCE = 100


def measure(place, options):
    sections = [_short_runs(place, options)]
    for verb, part in (("state", _state), ("start", _starts)):
        if all(has_verb(place, needed) for needed in (verb, "start", "delete")):
            sections += part(place, options)
        else:
            print(f"bench: skipped: `chock {verb}`, a verb is missing", file=sys.stderr)
    return sections


def has_verb(place, verb):
    return subprocess.run([place.chock, verb, "--help"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def chock(place, verb, *words, runtime=None):
    """An absolute command line, for the clock."""
    return [place.chock, "--state-dir", place.state_root, "--runtime", runtime or place.runtime,
            "--shim", place.shim, verb, *words]


def _short_runs(place, options):
    bundle = place.bundle("/bin/true")
    ways = {"`runc run`": lambda: place.clock.until_exit(
                [place.runtime, "run", "--bundle", bundle.path, place.new_id()]),
            "`runc` `create`, `start`, `delete`": lambda: _three_calls(place, bundle),
            "`chock run`": lambda: place.clock.until_exit(
                chock(place, "run", "--bundle", bundle.path, place.new_id()))}
    times = {name: Sample("ms") for name in ways}
    for number in range(-1, options.rounds):
        for name in list(ways) if number % 2 else reversed(ways):
            spent = ways[name]()
            if number >= 0:  # the first round warms the page cache
                times[name].add(spent)
    bare, _, ours = times.values()
    section = Section(f"Running /bin/true in the foreground, to the end (ms, n = {options.rounds})",
                      ["", "median (min … max)", "over bare `runc run`, by round"])
    section.rows = [[name, spent, "" if spent is bare else spent - bare]
                    for name, spent in times.items()]
    section.budgets.append(Budget("`chock run` of /bin/true, over bare `runc run`", ours - bare,
                                  _RUN_LIMIT))
    section.notes.append("The second row is what any supervisor of a shim asks of runc, without "
                         "the supervisor, the shim and the process's own time.")
    return section


def _three_calls(place, bundle):
    container = Bare(place).create(bundle)
    dead = os.pidfd_open(container.init)
    try:
        started = place.clock.until_exit([place.runtime, "start", container.id])
        wait_fd(dead, select.POLLIN, Deadline(what="/bin/true to end"))
    finally:
        os.close(dead)
    container.remove()
    return container.created + started + container.removed


def _state(place, options):
    """Of a container that sleeps, without a daemon."""
    bundle, container = place.sleeping(), place.new_id()
    place.clock.until_exit(chock(place, "start", "--bundle", bundle.path, container))
    spent = Sample("ms", [place.clock.until_exit(chock(place, "state", container))
                          for _ in range(options.rounds)])
    place.clock.until_exit(chock(place, "delete", "--force", container))
    section = Section(
        f"`chock state ID` without a daemon, whole process (ms, n = {options.rounds})",
        ["", "median (min … max)"], [["`chock state`", spent]])
    section.budgets.append(Budget("`chock state ID`, whole process", spent, _STATE_LIMIT))
    return [section]


def _starts(place, options):
    section = Section(f"One-shot `chock start`, {_AT_ONCE} at once",
                      ["runtime", "starts", "per second"])
    runtimes = [("one that does nothing", place.null_runtime, options.starts)]
    crun = RUNTIMES["crun"]
    if crun.prepare() is None:
        runtimes.append(("crun", crun.path, max(1, options.starts // 10)))
    for name, runtime, count in runtimes:
        section.rows.append([name, str(count), f"{_rate(place, runtime, count):.0f}"])
    return [section]


def _rate(place, runtime, count):
    bundle = place.sleeping()
    ids = [place.new_id() for _ in range(count)]

    def run(verb, *words):
        return place.clock.until_exit(chock(place, verb, *words, runtime=runtime))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        begin = time.monotonic()
        list(pool.map(lambda name: run("start", "--bundle", bundle.path, name), ids))
        spent = time.monotonic() - begin
        list(pool.map(lambda name: run("delete", "--force", name), ids))
    return count / spent
