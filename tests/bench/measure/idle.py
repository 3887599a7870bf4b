# SPDX-License-Identifier: Apache-2.0
"""What a shim costs while its container sleeps. FIFOs are its stdout and stderr, with a reader."""

import contextlib
import time

from measure import containerd, processes
from measure.figures import Budget, Sample, Section
from measure.shims import Streams, shims

_SETTLING = 1.0
_IDLE = 10.0
_PRIVATE_LIMIT, _RESIDENT_LIMIT = 96, 1228.8  # KiB


class _Readings:
    def __init__(self):
        self.alone = Sample("KiB")
        self.private, self.resident = Sample("KiB"), Sample("KiB")
        self.threads, self.wakeups = Sample(""), Sample("")


def measure(place, options):
    copies = options.copies
    with contextlib.ExitStack() as stack:
        kinds = shims(place, options.peer)
        if containerd.installed():
            kinds.append(stack.enter_context(containerd.Containerd(place)))
        readings = {kind.name: _Readings() for kind in kinds}
        _measure_alone(place, kinds, readings)
        _measure_together(place, kinds, readings, copies)
    return [_section(readings, copies)]


def _measure_alone(place, kinds, readings):
    for kind in kinds:
        with _running(place, kind, 1) as [only]:
            time.sleep(_SETTLING)
            readings[kind.name].alone.add(processes.private_kib(only.shim))


def _measure_together(place, kinds, readings, copies):
    with contextlib.ExitStack() as stack:
        running = [(kind, container) for kind in kinds
                   for container in stack.enter_context(_running(place, kind, copies))]
        time.sleep(_SETTLING)
        before = [processes.switches(container.shim) for _, container in running]
        time.sleep(_IDLE)
        for (kind, container), earlier in zip(running, before, strict=True):
            reading = readings[kind.name]
            reading.wakeups.add(processes.switches(container.shim) - earlier)
            reading.private.add(processes.private_kib(container.shim))
            reading.resident.add(processes.resident_kib(container.shim))
            reading.threads.add(processes.threads(container.shim))


@contextlib.contextmanager
def _running(place, kind, copies):
    bundle, containers = place.sleeping(), []
    with Streams(place) as streams:
        for _ in range(copies):
            containers.append(kind.create(bundle, streams))
            containers[-1].start()
        yield containers
        for container in containers:
            container.end()
            container.remove()


def _section(readings, copies):
    section = Section(
        f"An idle shim, runc container (median, min … max; {copies} of each running)",
        ["", "private KiB", "private KiB, the only one of its kind", "resident KiB", "threads",
         "wake-ups in 10 s"])
    for name, reading in readings.items():
        section.rows.append([name, reading.private, reading.alone, reading.resident,
                             reading.threads, reading.wakeups])
        if name.startswith("chock"):
            section.budgets += [
                Budget(f"{name}: private memory, idle", reading.private, _PRIVATE_LIMIT),
                Budget(f"{name}: resident memory, idle", reading.resident, _RESIDENT_LIMIT),
                Budget(f"{name}: threads", reading.threads, 1),
                Budget(f"{name}: wake-ups in 10 s", reading.wakeups, 0)]
    section.notes.append("Private is Private_Clean + Private_Dirty of smaps_rollup. Pages of the "
                         "executable count as private only while a single copy of it runs.")
    return section
