# SPDX-License-Identifier: Apache-2.0
"""Who owns the pipes that are a process's stdio: the container's root, as process.json has it.
Nobody else could open them again, and programs do, by the name of /dev/stdout."""

import os
import signal
import stat
import sys

from harness import main
from harness.shim_case import ShimCase, Stdio

_ROOT = {"rootUID": 54321, "rootGID": 54322}
_AGAIN = "echo out > /proc/self/fd/1; echo err > /proc/self/fd/2; cat < /proc/self/fd/0"


class PipeOwner(ShimCase):

    def owners(self, pid):
        """Of its three pipes, which are different ones."""
        found = [os.stat(f"/proc/{pid}/fd/{number}") for number in range(3)]
        self.assertTrue(all(stat.S_ISFIFO(info.st_mode) for info in found))
        self.assertEqual(len({info.st_ino for info in found}), 3)
        return {(info.st_uid, info.st_gid) for info in found}

    def test_as_told(self):
        """For an init and an exec, each by its own process.json. Runtimes change owners, so there
        is none in between."""
        bundle = self.space.bundle("x")
        container = self.launched(bundle, start=False, extra=_ROOT,
                                  **self.quick_runtime("exec sleep 1000"))
        self.assertEqual(self.owners(container.init.pid), {(54321, 54322)})
        process = container.exec("extra", bundle.process, **{"rootUID": 54323, "rootGID": 0})
        self.assertEqual(self.owners(process.pid), {(54323, 0)})
        self.assertEqual(self.owners(container.init.pid), {(54321, 54322)})
        process.kill(signal.SIGKILL)
        self.assertEqual(process.wait(), 137)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container), 137)

    def in_user_namespace(self, script):
        bundle = self.space.shell(script, namespaces=("user", "pid", "mount", "ipc", "uts"))
        bundle.config["linux"].pop("resources")
        for mapping, first in zip(("uidMappings", "gidMappings"), _ROOT.values()):
            bundle.config["linux"][mapping] = [{"containerID": 0, "hostID": first, "size": 1}]
        os.chmod(self.space.root, 0o711)  # which is the way to the root file system
        return bundle.write()

    def test_in_a_user_namespace(self):
        """Opened again by a root that is nobody outside. (crun would see to that by itself.)"""
        source, out, err = self.input(), self.output(), self.output()
        container = self.launched(self.in_user_namespace(f"{_AGAIN}; exec sleep 1000"),
                                  Stdio(source.path, out.path, err.path))
        source.write(b"in\n")
        container.init.close_stdin()
        source.close()
        out.read_until(b"in\n")
        self.assertEqual(self.owners(container.init.pid), {tuple(_ROOT.values())})
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out, err]), 137)
        self.assertEqual((out.data, err.data), (b"out\nin\n", b"err\n"))


if __name__ == "__main__":
    sys.exit(main())
