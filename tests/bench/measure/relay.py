# SPDX-License-Identifier: Apache-2.0
"""Bytes from a container's stdout to whoever reads its FIFO: how fast, and at what cost. The
container writes zeros and then waits, so that its shim can be asked what it has spent."""

import contextlib
import fcntl
import os
import shutil
import subprocess

from measure import containerd, processes
from measure.figures import Budget, Sample, Section
from measure.shims import Conmon, ContractShim, Streams

_GIB = 1 << 30
_SHARE_LIMIT = 0.85
_PIPE_SIZE = 64 << 10  # as pipes begin


class _PlainPipe:
    """No shim: the container writes into the reader's FIFO."""

    def __init__(self, place):
        self.place = place

    def create(self, bundle, streams):
        return _PlainContainer(self.place, bundle, streams)


class _PlainContainer:
    shim = None

    def __init__(self, place, bundle, streams):
        self._place, self._id = place, place.new_id()
        pid_file = place.file(f"{self._id}.pid")
        with open(streams.stdout, "wb") as stdout:
            subprocess.run([place.runtime, "create", "--bundle", bundle.path, "--pid-file",
                            pid_file, self._id], check=True, stdin=subprocess.DEVNULL,
                           stdout=stdout, stderr=subprocess.DEVNULL)
        with open(pid_file, encoding="utf-8") as source:
            self.init = int(source.read())

    def start(self):
        self._place.clock.until_exit([self._place.runtime, "start", self._id])

    def end(self):
        self._place.clock.kill(self.init, None)

    def remove(self):
        self._place.clock.until_exit([self._place.runtime, "delete", self._id])


class _Readings:
    def __init__(self):
        self.speed, self.share, self.cost = Sample("GiB/s"), Sample("%"), Sample("s/GiB")
        self.pipe_sizes = set()


def measure(place, options):
    amount = options.relay_gib * _GIB
    shutil.copy(place.build.program("tests/bench/bench_zeros"), f"{place.rootfs}/bin/zeros")
    bundle = place.bundle("/bin/zeros", str(amount))
    kinds = [ContractShim(place, "chock-shim", place.shim)]
    kinds += [ContractShim(place, f"peer {os.path.basename(path)}", path) for path in options.peer]
    if shutil.which("conmon"):
        kinds += [Conmon(place, log) for log in ("k8s-file", "none")]
    with contextlib.ExitStack() as stack:
        if containerd.installed():
            kinds.append(stack.enter_context(containerd.Containerd(place)))
        readings = {kind.name: _Readings() for kind in kinds}
        plain = {}
        for _ in range(options.relay_rounds):
            _one_round(place, bundle, amount, kinds, readings, plain)
    return [_section(readings, plain, options)]


def _one_round(place, bundle, amount, kinds, readings, plain):
    """Every shim, and a plain pipe of each size that a shim's FIFO had in the end."""
    speeds = {}
    for kind in kinds:
        speed, cost, size = _carry(place, kind, bundle, amount)
        if size not in speeds:
            speeds[size], _, _ = _carry(place, _PlainPipe(place), bundle, amount, size)
            plain.setdefault(size, Sample("GiB/s")).add(speeds[size])
        reading = readings[kind.name]
        reading.speed.add(speed)
        reading.share.add(speed / speeds[size])
        reading.cost.add(cost)
        reading.pipe_sizes.add(size)


def _carry(place, kind, bundle, amount, pipe_size=None):
    """Speed, the shim's processor time, and the size of the reader's pipe in the end."""
    with Streams(place) as streams, contextlib.ExitStack() as stack:
        reader, header = streams.readers[0], 0
        os.set_blocking(reader, True)
        if pipe_size:
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, pipe_size)
        container = kind.create(bundle, streams)
        if isinstance(kind, Conmon):
            reader, header = stack.enter_context(container.attach()).fileno(), 1
        container.start()
        spent = -processes.processor_seconds(container.shim) if container.shim else 0
        seconds = place.clock.drain(reader, amount, header)
        spent += processes.processor_seconds(container.shim) if container.shim else 0
        size = _PIPE_SIZE if header else fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
        container.end()
        container.remove()
    gib = amount / _GIB
    return gib / seconds, spent / gib, size


def _section(readings, plain, options):
    section = Section(
        f"Carrying {options.relay_gib} GiB of stdout, written 64 KiB at a time "
        f"(median (min … max), n = {options.relay_rounds})",
        ["", "GiB/s", "of a plain pipe, by round", "shim's CPU, s/GiB", "pipe KiB"])
    for size, speed in sorted(plain.items()):
        section.rows.append(["no shim", speed, "", "", str(size >> 10)])
    for name, reading in readings.items():
        sizes = ", ".join(str(size >> 10) for size in sorted(reading.pipe_sizes))
        section.rows.append([name, reading.speed, reading.share, reading.cost, sizes])
        if name == "chock-shim":
            section.budgets.append(Budget("stdout through the shim, of a plain pipe", reading.share,
                                          _SHARE_LIMIT, at_least=True))
    section.notes.append("The same writer (in a runc container) and reader in all rows. The plain "
                         "pipe has the size that the shim's FIFO had grown to. conmon has no FIFO "
                         "but a socket for who attaches, and is set beside a pipe of the size that "
                         "pipes begin with; its k8s-file log is written as well.")
    return section
