# SPDX-License-Identifier: Apache-2.0
"""What a machine holds that a container could leave behind, taken before and after every test.

Tests run side by side, so a snapshot keeps only what is the workspace's own: its processes'
descendants, and whatever carries its token (all container ids do) or lies below its directory.
"""

import os
import select

from harness.process import Deadline

_PF_KTHREAD = 0x00200000  # of the flags in /proc/PID/stat: the kernel's own thread


def _read(path):
    try:
        with open(path, "rb") as source:
            return source.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # the process is gone
        return ""


def processes():
    """{pid: (parent, state, command line)} of everything that runs, but not the kernel's threads."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        # The name in parentheses may contain anything, so fields count from the last one.
        fields = _read(f"/proc/{name}/stat").rpartition(")")[2].split()
        if fields and not int(fields[6]) & _PF_KTHREAD:
            found[int(name)] = (int(fields[1]), fields[0], _read(f"/proc/{name}/cmdline").strip())
    return found


def descendants(ancestor, among=None):
    """Pids of all processes below `ancestor`."""
    table = processes() if among is None else among
    below, size = {ancestor}, 0
    while size != len(below):
        size = len(below)
        below |= {pid for pid, (parent, _, _) in table.items() if parent in below}
    return below - {ancestor}


def _own_processes(token):
    """What the test has started and what was orphaned, which comes to the test's parent; that one
    waits for its zombies by itself (see case.py), so they do not count."""
    table = processes()
    anchor = os.getppid()
    below = descendants(anchor, table)
    named = {pid for pid, (_, _, command) in table.items()
             if token in command or token in _read(f"/proc/{pid}/cgroup")}
    ours = {pid: table[pid] for pid in (below | named) - {os.getpid()}}
    return {f"process {pid} (parent {parent}, {state}): {command}"
            for pid, (parent, state, command) in ours.items()
            if (parent, state) != (anchor, "Z")}


def own_pids(token):
    """As above, but only the numbers."""
    return {int(entry.split()[1]) for entry in _own_processes(token)}


def own_cgroups(token):
    """Directories in every hierarchy, version 1 or 2, deepest first."""
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        entries = [line.split() for line in table]
    roots = {entry[4] for entry in entries if entry[entry.index("-") + 1] in ("cgroup", "cgroup2")}
    return [f"{parent}/{name}" for root in roots
            for parent, names, _ in os.walk(root, topdown=False)
            for name in names if token in name]


def _own_mounts(token, root):
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        return {f"mount {line.split()[4]}" for line in table if token in line or root in line}


def _own_runtime_state(token):
    found = set()
    for directory in ("/run/runc", "/run/crun"):
        try:
            names = os.listdir(directory)
        except FileNotFoundError:
            continue
        found |= {f"{directory}/{name}" for name in names if token in name}
    return found


def _tree(path):
    return {os.path.join(parent, name) for parent, directories, files in os.walk(path)
            for name in directories + files}


def _descriptors():
    """The test's own, so that a leak in the harness or the driver shows as well."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(f"descriptor {name} -> {os.readlink(f'/proc/self/fd/{name}')}")
        except FileNotFoundError:  # the one that listed
            pass
    return found


def take(workspace):
    """Everything that is the workspace's, one line each."""
    token = workspace.token
    cgroups = {f"cgroup {path}" for path in own_cgroups(token)}
    return (_own_processes(token) | cgroups | _own_mounts(token, workspace.root)
            | _own_runtime_state(token) | _tree(workspace.state_root) | _tree(workspace.tmp)
            | _descriptors())


def settle(workspace, seconds):
    """A process that has announced its end may still have an instant to live: give all that remain
    the same short time to go."""
    deadline = Deadline(seconds, "processes to end")
    for pid in own_pids(workspace.token):
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            select.select([fd], [], [], deadline.remaining)
        except TimeoutError:
            return
        finally:
            os.close(fd)
