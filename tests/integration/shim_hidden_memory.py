# SPDX-License-Identifier: Apache-2.0
"""What passes through a shim is nobody's to read: from the moment that its process exists nothing
else of the same user can look into it, which counts where that user is not root and has more than
one container."""

import os
import select
import shutil
import signal
import sys

from harness import Deadline, main, run
from harness.shim_case import ShimCase, Stdio

_USER = 54321
_AS_USER = ("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups")


class HiddenMemory(ShimCase):

    def setUp(self):
        super().setUp()
        for name in ("chock-shim", "tests/support/quick_runtime"):
            shutil.copy(os.path.join(self.build_dir, name), self.space.root)
        # Whoever is no root can give its pipes to nobody but itself.
        self.bundle = self.space.bundle("x", namespaces=("pid", "user"))
        mapping = [{"containerID": 0, "hostID": _USER, "size": 1}]
        self.bundle.config["linux"] |= {"uidMappings": mapping, "gidMappings": mapping}
        self.bundle.write()

    def user_spawned(self, stdio, **extra):
        """The shim of a user's own, in a state directory that is the user's as well."""
        container = self.container(self.bundle, **self.quick_runtime(
            "cat; echo closed; exec sleep 1000"))
        container.shim = f"{self.space.root}/chock-shim"
        container.runtime = f"{self.space.root}/quick_runtime"
        self.spawned(container, stdio, via=[
            "/bin/sh", "-c", f"chown -R {_USER} '{self.space.root}'; exec \"$@\"", "sh",
            *_AS_USER], **extra)
        return container

    def readable(self, pid):
        """By another program of that user's; and who owns its files in /proc, as a second opinion.
        """
        result = run([*_AS_USER, "cat", f"/proc/{pid}/environ"])
        owner = os.stat(f"/proc/{pid}/environ").st_uid
        self.assertEqual(result.returncode == 0, owner == _USER, result)
        self.assertIn(owner, (_USER, 0))
        return result.returncode == 0

    def await_opening(self, process):
        """It reads `control` from its first turn on, so it has come that far when a message that
        says nothing is gone."""
        process.control("7 1 1\n")
        deadline = Deadline(what="the control message to be read")
        while select.select([process._control_fd], [], [], 0)[0]:
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()

    def assert_hidden(self, **extra):
        source, out = self.input(), self.output()
        out.close()
        container = self.user_spawned(Stdio(source.path, out.path), **extra)
        process = container.init
        self.await_opening(process)
        self.assertTrue(self.readable(process.shim.pid), "it has nothing to hide yet")
        out.reopen()
        process.await_pid()
        source.close()
        process.close_stdin()
        out.read_until(b"closed")  # `pid` comes first, then what is wanted here, then the message
        self.assertFalse(self.readable(process.shim.pid))
        self.assertTrue(self.readable(process.pid), "the process is none of the shim's business")
        process.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_shim(self):
        self.assert_hidden()

    def test_sealed_shim(self):
        self.assert_hidden(sealed=True)


if __name__ == "__main__":
    sys.exit(main())
