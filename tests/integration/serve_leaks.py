# SPDX-License-Identifier: Apache-2.0
"""Hundreds of lives below one server, of which half fail in one way or another: what they take they
give back, descriptors and directory entries to the last one."""

import os
import signal
import sys

from pathlib import Path

from harness import main
from harness.process import Deadline
from harness.serve import RpcError, ServeCase

_LIVES = int(os.environ.get("CHOCK_TEST_LIVES", "200"))
_WARM_UP = 50
_RETAINED = 20  # events: what the log holds on to is full before the first look
_KIB = 1 << 10


def _entries(directory):
    return sorted(os.path.join(parent, name) for parent, directories, files in os.walk(directory)
                  for name in directories + files)


class Leaks(ServeCase):

    def setUp(self):
        super().setUp()
        self.state = self.space.file("quick")
        os.mkdir(self.state)
        self.log = self.space.file("log", b"")
        self.runtime_path = self.quick("plain")
        self.server = self.serve("--runtime", self.runtime_path, "--retain-count", str(_RETAINED))
        self.client = self.server.connect()
        self.client.call("events")
        self.bundle = self.space.bundle("x").path
        self.kinds = [self.plain, self.no_bundle, self.refused, self.no_runtime, self.exec_refused,
                      self.lost_shim, self.with_execs, self.kept, self.taken, self.client_leaves]

    def quick(self, name, **settings):
        """A quick runtime whose inits live until they are killed."""
        settings = {"QUICK_STATE": self.state, "QUICK_INIT": "exec sleep 1000",
                    "QUICK_EXEC": "exit 4"} | settings
        path = Path(self.space.file(f"runtime-{name}"))
        words = " ".join(f"{key}='{value}'" for key, value in settings.items())
        path.write_text(f"#!/bin/sh\n{words} exec {self.build_dir}/tests/support/quick_runtime "
                        "\"$@\"\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    # -- Lives.

    def start(self, **params):
        container = self.space.new_id()
        return container, self.client.call("start", **{"id": container, "bundle": self.bundle}
                                           | params)["pid"]

    def fails(self, method, **params):
        with self.assertRaises(RpcError):
            self.client.call(method, **params)

    def end(self, container, status=137):
        self.client.call("kill", id=container, signal=int(signal.SIGKILL))
        self.assertEqual(self.client.wait_event("exit", container, "init")["status"], status)

    def plain(self):
        container, _ = self.start(stdio={"log": self.log})
        self.end(container)

    def no_bundle(self):
        self.fails("start", id=self.space.new_id(), bundle="/no/such/bundle")

    def refused(self):
        self.fails("start", id=self.space.new_id(), bundle=self.bundle,
                   runtime=self.quick("refusing", QUICK_REFUSE="1"))

    def no_runtime(self):
        self.fails("start", id=self.space.new_id(), bundle=self.bundle, runtime="/no/such/runtime")

    def exec_refused(self):
        """By the runtime, once it has the container."""
        switch = self.space.file("refuse")
        path = Path(self.quick("switched"))
        path.write_text(f"#!/bin/sh\n[ -e {switch} ] && export QUICK_REFUSE=1\n"
                        f"exec {self.runtime_path} \"$@\"\n", encoding="utf-8")
        container, _ = self.start(runtime=str(path))
        Path(switch).touch()
        self.fails("exec", id=container, process="e", args=["x"])
        os.unlink(switch)
        self.fails("exec", id=container, process="e", args=[])
        self.client.call("delete", id=container, force=True)

    def lost_shim(self):
        container, pid = self.start()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)
        self.assertEqual(self.client.wait_event("exit", container, "init")["status"], 137)

    def with_execs(self):
        container, _ = self.start()
        for name in ("e", "f"):
            self.client.call("exec", id=container, process=name, args=["x"])
            self.assertEqual(self.client.wait_event("exit", container, name)["status"], 4)
        self.end(container)

    def kept(self):
        container, _ = self.start(keep=True)
        self.end(container)
        self.client.call("delete", id=container)

    def taken(self):
        container, _ = self.start()
        self.fails("start", id=container, bundle=self.bundle)
        self.fails("delete", id=container)
        self.client.call("delete", id=container, force=True)

    def client_leaves(self):
        """One that waits for something that does not happen meanwhile."""
        container, _ = self.start()
        client = self.server.connect()
        client.call("events")
        client.send("wait", id=container)
        client.call("state", id=container)
        client.close()
        self.end(container)

    # -- What they leave.

    def settle(self):
        """Until the server has no child any more: what is dead is waited for, and that was the
        last that it had to do for it."""
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        deadline = Deadline(what="the server's children to be gone")
        while children.read_text(encoding="ascii").split():
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()
        self.assertEqual(self.client.call("list"), {"containers": []})
        self.client.notifications.clear()

    def descriptors(self):
        """What they refer to; their numbers may change."""
        directory = f"/proc/{self.server.pid}/fd"
        return sorted(os.readlink(os.path.join(directory, name)) for name in os.listdir(directory))

    def live(self, count):
        for number in range(count):
            self.kinds[number % len(self.kinds)]()
        self.settle()
        return {"descriptors": self.descriptors(),
                "state": _entries(self.space.state_root), "temporary": _entries(self.space.tmp),
                "runtime": _entries(self.state)}

    def test_lives(self):
        held = self.live(_WARM_UP)
        self.assertEqual(held["runtime"], [])
        memory = self.server.written_memory()
        self.assertEqual(self.live(_LIVES), held)
        self.assert_grown_less(self.server, memory, _LIVES * _KIB)
        self.assertEqual(self.server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
