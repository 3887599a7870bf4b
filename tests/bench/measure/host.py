# SPDX-License-Identifier: Apache-2.0
"""What the tests' servers need to know of whoever starts them, who is a test as a rule."""

import subprocess
import time

from harness.process import Deadline


class Host:
    """Owns what is started and opened for it, until close()."""

    def __init__(self, place):
        self.space, self._open, self._children = place, [], []

    def spawn(self, argv, **options):
        self._children.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, **options))
        return self._children[-1]

    def closed_at_end(self, closable):
        self._open.append(closable)
        return closable

    def close(self):
        for each in reversed(self._open):
            each.close()
        for child in self._children:
            child.terminate()
            child.wait()


class ServeHost(Host):
    """Of `chock serve`, with the runtime that does nothing unless told another."""

    def __init__(self, place, runtime=None):
        super().__init__(place)
        self._runtime = runtime or place.null_runtime

    def chock_argv(self, *words):
        return [self.space.chock, "--state-dir", self.space.state_root, "--runtime",
                self._runtime, "--shim", self.space.shim, *words]

    def assertEqual(self, left, right):  # the name is unittest's
        if left != right:
            raise AssertionError(f"{left} != {right}")


def start_containers(place, client, bundle, count, at_once):
    """{name: pid} of new ones."""
    pids = {}
    while len(pids) < count:
        calls = {name: client.send("start", id=name, bundle=bundle.path)
                 for name in (place.new_id() for _ in range(min(at_once, count - len(pids))))}
        pids |= {name: client.result(call)["pid"] for name, call in calls.items()}
    return pids


def await_containers(client, count):
    """Until no more than these are left."""
    deadline = Deadline(what=f"all containers but {count} to be gone")
    while len(client.call("list")["containers"]) > count:
        time.sleep(min(0.05, deadline.remaining))
