# SPDX-License-Identifier: Apache-2.0
"""What /proc says of a process: memory, threads, wake-ups, processor time."""

import os
import re
import time

_CPU_CLOCK_OF_PROCESS = 2  # clock_getcpuclockid(3): every thread, at the scheduler's resolution


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as source:
        return source.read()


def parent_of(pid):
    return int(_read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])


def private_kib(pid):
    """Private_Clean + Private_Dirty (proc_pid_smaps(5)): free if the process ended."""
    found = re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", _read(f"/proc/{pid}/smaps_rollup"),
                       re.MULTILINE)
    return sum(map(int, found))


def resident_kib(pid):
    return int(re.search(r"^Rss:\s+(\d+) kB", _read(f"/proc/{pid}/smaps_rollup"), re.MULTILINE)[1])


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def switches(pid):
    """Context switches of all threads that live now."""
    return sum(int(count) for task in os.listdir(f"/proc/{pid}/task")
               for count in re.findall(r"ctxt_switches:\s+(\d+)",
                                       _read(f"/proc/{pid}/task/{task}/status")))


def processor_seconds(pid):
    return time.clock_gettime(~pid << 3 | _CPU_CLOCK_OF_PROCESS)
