# SPDX-License-Identifier: Apache-2.0
"""Waiting with deadlines, and running a program to its end. Waits are a poll(2) on a descriptor that
becomes ready when the awaited thing happens, where the kernel has one.
"""

import errno
import os
import platform
import pwd
import select
import signal
import subprocess
import time

# How long anything that should happen at once may take, on a loaded machine under sanitizers.
DEADLINE = 30.0


class Deadline:
    """A point in time; `remaining` raises once it has passed."""

    def __init__(self, seconds=DEADLINE, what=""):
        self._end = time.monotonic() + seconds
        self._what = what

    @property
    def remaining(self):
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"deadline passed: {self._what}")
        return left


def kernel_tells_strangers():
    """Since Linux 6.15 the exit status of a process outlives it for whoever holds a pidfd."""
    major, minor = platform.release().split(".")[:2]
    return (int(major), int("".join(filter(str.isdigit, minor)))) >= (6, 15)


def await_handler(pid, number):
    """Waits until the process catches the signal: before, the first process of a pid namespace
    ignores it (pid_namespaces(7)). The kernel has no news of that, so this one wait has to look.
    A runtime in Go, whose child the process is until it executes its program, catches all of them,
    and is known by SIGURG, which no program here catches."""
    deadline = Deadline(what=f"a handler of signal {number}")
    while deadline.remaining:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            caught = next(line for line in status if line.startswith("SigCgt:"))
        caught = int(caught.split()[1], 16)
        if caught >> (number - 1) & 1 and not caught >> (signal.SIGURG - 1) & 1:
            return
        os.sched_yield()


def await_state(pid, letter):
    """Waits for a state of proc(5): nobody but its parent is told of it."""
    deadline = Deadline(what=f"state {letter} of {pid}")
    while deadline.remaining:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            if stat.read().rpartition(")")[2].split()[0] == letter:
                return
        os.sched_yield()


def is_asleep(pid, where):
    """Whether a process sleeps in a kernel function of this name (proc(5), wchan)."""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as source:
        return where in source.read()


def await_asleep(pid, where):
    """Waits for that: nobody is told of it."""
    deadline = Deadline(what=f"{pid} to sleep in {where}")
    while deadline.remaining:
        if is_asleep(pid, where):
            return
        os.sched_yield()


def wait_until(condition, what, seconds=DEADLINE):
    """For what no descriptor tells of: looks again and again."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


def wait_fd(fd, events, deadline):
    """Waits until poll(2) reports any of `events` (or hang-up or error); returns what it says."""
    poller = select.poll()
    poller.register(fd, events)
    ready = poller.poll(0)  # which a deadline that has passed meanwhile does not make untrue
    while not ready:
        ready = poller.poll(deadline.remaining * 1000)
    return ready[0][1]


def read_line(fd, deadline):
    """One line from a descriptor, without reading past it."""
    line = b""
    while not line.endswith(b"\n"):
        wait_fd(fd, select.POLLIN, deadline)
        byte = os.read(fd, 1)
        if not byte:
            raise EOFError(f"end of file after {line!r}")
        line += byte
    return line[:-1].decode()


def read_until(fd, wanted, deadline):
    """Reads until `wanted` has been seen; a terminal's end of file (EIO) counts as one."""
    seen = b""
    while wanted not in seen:
        wait_fd(fd, select.POLLIN, deadline)
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            chunk = b""
        if not chunk:
            raise EOFError(f"no {wanted!r} in {seen!r}")
        seen += chunk
    return seen


def _open_pidfd(pid):
    """None if it is gone. While it goes that is EINVAL with Linux 6.1, and a thread may have its number
    by then (the same, or ENOENT)."""
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno not in (errno.ESRCH, errno.EINVAL, errno.ENOENT):
            raise
        return None


def wait_pidfd(pid, deadline):
    """Waits for the end of any process, whoever's child it is; one already gone is fine."""
    fd = _open_pidfd(pid)
    if fd is None:
        return
    try:
        wait_fd(fd, select.POLLIN, deadline)
    finally:
        os.close(fd)


def wait_reaped(pid):
    """Until somebody has waited for it: a pidfd is readable as soon as the process is dead, but takes
    a signal until then."""
    fd = _open_pidfd(pid)
    if fd is None:
        return
    try:
        wait_fd(fd, select.POLLIN, Deadline(what=f"the end of {pid}"))
        wait_until(lambda: not _takes_signals(fd), f"{pid} is not reaped")
    finally:
        os.close(fd)


def _takes_signals(pidfd):
    try:
        signal.pidfd_send_signal(pidfd, 0)
        return True
    except ProcessLookupError:
        return False


class Completed:
    """How a program ended and what it wrote."""

    def __init__(self, returncode, stdout, stderr):
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr

    def __repr__(self):
        return f"exit {self.returncode}, stdout {self.stdout[-2000:]!r}, " \
               f"stderr {self.stderr[-2000:]!r}"


def run(argv, *, stdin=b"", seconds=DEADLINE, **options):
    """Runs a program to its end; a program that does not end is killed and is a failure."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options) as child:
        try:
            stdout, stderr = child.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired as expired:
            child.send_signal(signal.SIGKILL)
            raise TimeoutError(f"{argv} still runs after {seconds} s") from expired
        return Completed(child.returncode, stdout, stderr)


def free_uid():
    """One that nobody has: no account is made, and nothing but the number is needed."""
    for uid in range(54321, 60000):
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    raise AssertionError("every uid is taken")


def as_user(uid, *words):
    """The command line for an ordinary user."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *words]
