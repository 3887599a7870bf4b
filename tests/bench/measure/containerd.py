# SPDX-License-Identifier: Apache-2.0
"""containerd-shim-runc-v2, which only a containerd can drive: a private one."""

import os
import shutil
import subprocess
import time

from harness.process import Deadline, wait_pidfd

from measure import processes

_SETTLING = 0.3
_CONFIG = """version = 2
root = "{home}/root"
state = "{home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{home}/socket"
"""


def installed():
    return all(map(shutil.which, ("containerd", "ctr", "containerd-shim-runc-v2")))


class Containerd:
    """A kind of shim, as in shims.py; a context manager, too."""

    name = "containerd-shim-runc-v2"

    def __init__(self, place):
        self.place = place
        self._home = place.directory("containerd")
        self._daemon = None

    def __enter__(self):
        config = self.place.file("containerd.toml", _CONFIG.format(home=self._home).encode())
        self._daemon = subprocess.Popen(
            ["containerd", "--config", config], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.ctr("version")  # waits for the socket by itself
        return self

    def __exit__(self, *_):
        self._daemon.terminate()
        self._daemon.wait()

    def ctr_argv(self, *words):
        return ["ctr", "--address", f"{self._home}/socket", *words]

    def ctr(self, *words):
        result = subprocess.run(self.ctr_argv(*words), stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ChildProcessError(f"ctr {' '.join(words)}: {result.stderr}")

    def create(self, bundle, streams=None):
        return _Task(self, bundle, streams)

    launch = create  # `ctr run` cannot do one without the other


class _Task:
    created = None  # not timed: ctr and containerd would be in it

    def __init__(self, daemon, bundle, streams):
        self._daemon, self._id = daemon, daemon.place.new_id()
        pid_file = os.path.join(daemon.place.directory(self._id), "pid")
        output = ["--null-io"] if streams is None else ["--log-uri", streams.stdout]
        daemon.ctr("run", "--detach", *output, "--pid-file", pid_file,
                   "--runc-root", daemon.place.directory("v2-runc"),
                   "--config", bundle.config_path, self._id)
        with open(pid_file, encoding="utf-8") as source:
            self.init = int(source.read())
        self.shim = processes.parent_of(self.init)
        time.sleep(_SETTLING)

    def start(self):
        """It has been."""

    def end(self):
        """Known means here: containerd has published the event, and `ctr events` has printed it."""
        with subprocess.Popen(self._daemon.ctr_argv("events"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as events:
            time.sleep(_SETTLING)  # nothing says that it has subscribed
            try:
                return self._daemon.place.clock.kill(self.init, events.stdout.fileno())
            finally:
                events.kill()

    def remove(self):
        self._daemon.ctr("task", "delete", self._id)
        self._daemon.ctr("container", "delete", self._id)
        wait_pidfd(self.shim, Deadline(what="the shim to end"))
