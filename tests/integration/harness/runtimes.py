# SPDX-License-Identifier: Apache-2.0
"""The OCI runtimes that the tests drive, and what each needs from the machine."""

import ctypes
import json
import os
import shutil
import subprocess

_HYBRID = "/sys/fs/cgroup/unified"
_MNT_DETACH = 2
_MS_REC_PRIVATE = 0x4000 | 0x40000
_CLONE_NEWNS = 0x00020000


class Runtime:
    """One real runtime: `name` is also its program's name."""

    def __init__(self, name):
        self.name = name
        self.path = shutil.which(name)
        self.state_dir = f"/run/{name}"

    def __repr__(self):
        return self.name

    def prepare(self):
        """Makes this process's surroundings fit for the runtime; None, or why that is impossible."""
        if self.path is None:
            return f"{self.name} is not installed"
        if os.geteuid() != 0:
            return "not root"
        unshare_mounts()  # so that none is left, however the tests end
        if self.name == "crun" and os.path.ismount(_HYBRID):
            _leave_hybrid_hierarchy()
        return None

    def call(self, *arguments):
        return subprocess.run([self.path, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)

    def call_detached(self, *arguments):
        """For what leaves a process behind, which would keep a captured output from ending."""
        return subprocess.run([self.path, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode

    def state(self, container_id):
        """The runtime's state of a container, or None if it knows none."""
        result = self.call("state", container_id)
        return json.loads(result.stdout) if result.returncode == 0 else None

    def list(self):
        """Ids of all containers it knows."""
        result = self.call("list", "-q")
        return result.stdout.split()

    def destroy(self, container_id):
        self.call("delete", "--force", container_id)


RUNTIMES = {name: Runtime(name) for name in ("runc", "crun")}


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare_mounts():
    """What this process mounts from now on is seen by it and its children alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_CLONE_NEWNS), "unshare")
    _check(libc.mount(b"none", b"/", None, _MS_REC_PRIVATE, None), "mount --make-rprivate /")


def _leave_hybrid_hierarchy():
    """crun 1.8 refuses hosts with cgroup v1 controllers and an empty v2 hierarchy beside them. In a
    private mount namespace the v2 one can be taken away without harm to anybody else. What takes
    its place is ours alone, because crun makes a directory there and forgets it."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.umount2(_HYBRID.encode(), _MNT_DETACH), f"umount {_HYBRID}")
    _check(libc.mount(b"none", _HYBRID.encode(), b"tmpfs", 0, None), f"mount {_HYBRID}")
