# SPDX-License-Identifier: Apache-2.0
"""What the kernel has of a process's control groups, by either of their versions (cgroups(7))."""

import os

ROOT = "/sys/fs/cgroup"


def is_unified():
    """Whether this machine has version 2 alone, as Debian 12 has it unless told otherwise."""
    return os.path.exists(f"{ROOT}/cgroup.controllers")


def memory_limit(pid):
    return int(_read(pid, "memory", "memory.limit_in_bytes", "memory.max"))


def pids_limit(pid):
    return int(_read(pid, "pids", "pids.max", "pids.max"))


def cpu_weight(pid):
    """What shares_as_weight() makes of shares."""
    return int(_read(pid, "cpu", "cpu.shares", "cpu.weight"))


def shares_as_weight(shares):
    """2 to 262144 shares are 1 to 10000 of version 2, as runc and crun reckon."""
    return 1 + (shares - 2) * 9999 // 262142 if is_unified() else shares


def cpu_time(pid):
    """In nanoseconds."""
    if not is_unified():
        return int(_read(pid, "cpuacct", "cpuacct.usage", None))
    numbers = dict(line.split() for line in _read(pid, "cpu", None, "cpu.stat").splitlines())
    return int(numbers["usage_usec"]) * 1000


def is_frozen(pid):
    """Or will be, as far as the kernel has been asked."""
    return _read(pid, "freezer", "freezer.state", "cgroup.freeze") in ("FROZEN", "FREEZING", "1")


def _read(pid, controller, name_v1, name_v2):
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as table:
        lines = [line.rstrip("\n").split(":", 2) for line in table]
    if is_unified():
        path = ROOT + next(path for _, names, path in lines if not names) + "/" + name_v2
    else:
        path = f"{ROOT}/{controller}" + next(path for _, names, path in lines
                                             if controller in names.split(",")) + "/" + name_v1
    with open(path, encoding="utf-8") as source:
        return source.read().strip()
