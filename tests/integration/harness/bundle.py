# SPDX-License-Identifier: Apache-2.0
"""Makes OCI bundles around a static busybox: valid for runc 1.1 and for crun 1.8."""

import copy
import functools
import json
import os
import shutil
import subprocess

BUSYBOX = "/bin/busybox"
PATH = "PATH=/bin"

# Without a pid namespace: the first process of one is immune to any signal that it does not handle,
# SIGKILL apart (pid_namespaces(7)).
SHARED_PID = ("mount", "ipc", "uts")

# Reads without end, into one variable: in a bundle with limit_memory().
GROW = "tail /dev/zero"

# Enough for a shell that sends signals and changes its user, no more.
CAPABILITIES = ["CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_CHROOT"]

_CONFIG = {
    "ociVersion": "1.0.2",
    "process": {
        "user": {"uid": 0, "gid": 0},
        "args": [],
        "env": [PATH],
        "cwd": "/",
        "capabilities": {},
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": False},
    "hostname": "container",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")],
    },
}


@functools.cache
def _applets():
    listed = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split() if name != "busybox"]


def make_rootfs(path):
    """A root file system of one executable and a link to it per applet."""
    bin_dir = os.path.join(path, "bin")
    for name in ("bin", "dev", "proc", "tmp", "etc"):
        os.makedirs(os.path.join(path, name), exist_ok=True)
    shutil.copy(BUSYBOX, bin_dir)
    for applet in _applets():
        os.symlink("busybox", os.path.join(bin_dir, applet))


class Bundle:
    """A directory with a config.json; many bundles share one root file system.

    `config` is the parsed config.json: change it, then call write().
    """

    def __init__(self, path, rootfs, args, *, terminal=False, env=(), namespaces=None):
        self.path = path
        self.config = copy.deepcopy(_CONFIG)
        process = self.config["process"]
        process["args"] = list(args)
        process["terminal"] = terminal
        process["env"] += list(env)
        sets = ("bounding", "effective", "inheritable", "permitted")
        process["capabilities"] = {name: list(CAPABILITIES) for name in sets}
        self.config["root"]["path"] = rootfs
        if namespaces is not None:
            self.config["linux"]["namespaces"] = [{"type": kind} for kind in namespaces]
        os.makedirs(path)
        self.write()

    @property
    def process(self):
        return self.config["process"]

    @property
    def config_path(self):
        return os.path.join(self.path, "config.json")

    def limit_memory(self, limit):
        """And makes /dev/zero, of which there is no end."""
        resources = self.config["linux"]["resources"]
        resources["memory"] = {"limit": limit, "swap": limit}
        resources["devices"] = [{"allow": True, "access": "rwm"}]
        self.config["mounts"][1]["options"].append("dev")
        self.config["linux"]["devices"] = [
            {"path": "/dev/zero", "type": "c", "major": 1, "minor": 5, "fileMode": 0o666}]
        return self.write()

    def write(self):
        with open(self.config_path, "w", encoding="utf-8") as out:
            json.dump(self.config, out, indent=2)
        return self

    def write_text(self, text):
        """Replaces config.json by something that need not be valid."""
        with open(self.config_path, "w", encoding="utf-8") as out:
            out.write(text)
        return self
