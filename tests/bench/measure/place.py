# SPDX-License-Identifier: Apache-2.0
"""Where measurements happen: a workspace of the integration tests, which finds and removes every
process, container, mount, cgroup and file of its own whatever happened before."""

import ctypes
import os
import signal
import sys

from harness import snapshot
from harness.runtimes import unshare_mounts
from harness.workspace import Workspace, mount_tmpfs

_PR_SET_CHILD_SUBREAPER = 36


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP."""


class Place(Workspace):
    """A workspace with the programs to measure: `build`, `clock`, and the runtime's path."""

    def __init__(self, build, clock, runtime):
        super().__init__()
        self.build, self.clock, self.runtime = build, clock, runtime
        os.environ["TMPDIR"] = self.tmp

    @property
    def shim(self):
        return self.build.program("chock-shim")

    @property
    def null_runtime(self):
        """See native/null_runtime.cc."""
        os.environ["NULL_RUNTIME_DIR"] = self.directory("null-runtime")
        return self.build.program("tests/bench/bench_null_runtime")

    @property
    def chock(self):
        return self.build.program("chock")

    def directory(self, name):
        path = self.file(name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def sleeping(self):
        """A bundle whose process does nothing."""
        return self.bundle("/bin/sleep", "100000")

    def destroy(self):
        super().destroy()
        _reap_children()
        left = [f"process {pid}" for pid in snapshot.own_pids(self.token)]
        left += [f"cgroup {path}" for path in snapshot.own_cgroups(self.token)]
        for what in left:
            print(f"bench: left behind: {what}", file=sys.stderr)


def _reap_children():
    """Those that an exception has kept from being waited for."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def keep_run_in_memory():
    """As it is on a real machine, but for this process and its children alone. Runtimes keep their state
    there, and a slow file system below it would be measured instead of them."""
    unshare_mounts()
    mount_tmpfs("/run", mode="755")


def interrupt_on_signals():
    """The first one ends the measurements, later ones do not disturb the cleaning up."""
    def interrupt(number, _frame):
        for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(signal.Signals(number).name)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def adopt_orphans():
    """Forks: the child returns and measures, the parent waits for orphans as a good pid 1 does, and
    exits as the child did. What daemonises stays below the parent that way, where it is found."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    worker = os.fork()
    if worker == 0:
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: os.kill(worker, number))
    code = 1
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            os._exit(code)
        if pid == worker:
            code = 1 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
