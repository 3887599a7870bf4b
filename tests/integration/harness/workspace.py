# SPDX-License-Identifier: Apache-2.0
"""A directory, a token and everything a test makes under them; destroy() leaves nothing."""

import ctypes
import itertools
import os
import secrets
import shutil
import signal
import tempfile

from harness import snapshot
from harness.bundle import Bundle, make_rootfs
from harness.process import Deadline, wait_pidfd
from harness.runtimes import RUNTIMES

_MNT_DETACH = 2


def mount_tmpfs(path, *options, mode="700"):
    """Its source is `path` too, which the table of mounts has of every copy, wherever that is."""
    libc = ctypes.CDLL(None, use_errno=True)
    words = ",".join((f"mode={mode}", *options))
    if libc.mount(path.encode(), path.encode(), b"tmpfs", 0, words.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {path}: {os.strerror(number)}")


class Workspace:
    """Owned by one test. Layout: state/ (state root), tmp/ (TMPDIR), bundles/, rootfs/, files/.

    All of it is in memory, as state roots are on a real machine. (Thousands of short-lived files on
    an ext4 without a journal cost a third of the suite's time: it gives no inode away again for
    five seconds, and looks at all of these for every new one.)
    """

    def __init__(self):
        # Everything outside the directory is found again by this, so it is in every container id.
        self.token = "t" + secrets.token_hex(5)
        self.root = tempfile.mkdtemp(prefix=f"chock-{self.token}-", dir="/tmp")
        mount_tmpfs(self.root)
        self.state_root = self._directory("state")
        self.tmp = self._directory("tmp")
        self.files = self._directory("files")
        self.rootfs = os.path.join(self.root, "rootfs")
        make_rootfs(self.rootfs)
        self._numbers = itertools.count(1)
        self._disks = []

    def _directory(self, name):
        path = os.path.join(self.root, name)
        os.mkdir(path, 0o700)
        return path

    @property
    def environment(self):
        return os.environ | {"TMPDIR": self.tmp}

    def new_id(self):
        return f"{self.token}-{next(self._numbers)}"

    def file(self, name, content=None):
        """A path for a test's own use, outside of what is watched; written if given content."""
        path = os.path.join(self.files, name)
        if content is not None:
            with open(path, "wb") as out:
                out.write(content)
        return path

    def fifo(self, name):
        path = self.file(name)
        os.mkfifo(path, 0o600)
        return path

    def mount_tmpfs(self, name, size, inodes=64):
        """A disk of its own, below the test's own files; gone after the test."""
        path = self._directory(os.path.join("files", name))
        mount_tmpfs(path, f"size={size}", f"nr_inodes={inodes}")
        self._disks.append(path)
        return path

    def release_disks(self):
        """Only what the test has mounted itself: anything else is a leak."""
        libc = ctypes.CDLL(None, use_errno=True)
        while self._disks:
            libc.umount2(self._disks.pop().encode(), _MNT_DETACH)

    def bundle(self, *args, **options):
        """A bundle that runs `args`."""
        path = os.path.join(self.root, "bundles", str(next(self._numbers)))
        return Bundle(path, self.rootfs, args, **options)

    def shell(self, script, **options):
        """A bundle that runs a shell script."""
        return self.bundle("/bin/sh", "-c", script, **options)

    def end_processes(self):
        """Kills all that the test started, including what was re-parented to it."""
        pids = snapshot.own_pids(self.token)
        while pids:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            for pid in pids:
                wait_pidfd(pid, Deadline(10, f"process {pid} to die"))
            pids = snapshot.own_pids(self.token) - pids

    def destroy_containers(self):
        for runtime in RUNTIMES.values():
            try:
                names = os.listdir(runtime.state_dir)
            except FileNotFoundError:
                continue
            for name in filter(lambda name: self.token in name, names):
                runtime.destroy(name)
                shutil.rmtree(os.path.join(runtime.state_dir, name), ignore_errors=True)

    def destroy(self):
        """In this order: containers may be frozen, so the runtime goes first; then stragglers; and
        what these were still making when they were killed."""
        try:
            self.destroy_containers()
            self.end_processes()
            self.destroy_containers()
        finally:
            self._unmount()
            self.remove_cgroups()
            os.rmdir(self.root)

    def _unmount(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            points = [line.split()[4] for line in table if self.token in line]
        libc = ctypes.CDLL(None, use_errno=True)
        for point in reversed(points):
            libc.umount2(point.encode(), _MNT_DETACH)

    def remove_cgroups(self):
        for path in snapshot.own_cgroups(self.token):
            try:
                os.rmdir(path)
            except OSError:
                pass  # reported as a leak already
