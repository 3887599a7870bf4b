# SPDX-License-Identifier: Apache-2.0
"""A process that ends while the supervisor's `start` is still finishing. runc's `start` opens
exec.fifo, at which init waits, and fails if it cannot remove it afterwards; so the shim must not
delete the container in between. (crun removes it first.) The test plays `start` itself."""

import os
import shlex
import signal
import sys

from harness import main
from harness.shim_case import ShimCase

# Several times what a shim that does not wait would take; far less than it waits at most.
_MEANWHILE = 0.7
_AT_ONCE = 8.0


class Start(ShimCase):

    def created(self, script):
        container = self.launched(self.space.shell(script), start=False, runtime=self.witness())
        self.fifo = os.path.join(self.runtime.state_dir, container.id, "exec.fifo")
        return container

    def witness(self):
        """runc, and a note of whether the fifo was there when it was told to delete."""
        notes = self.space.file("notes")
        script = "\n".join([
            "#!/bin/bash",
            "if [[ ${*: -2:1} == delete ]]; then",
            f"  [[ -p {self.runtime.state_dir}/${{*: -1}}/exec.fifo ]] && there=yes || there=no",
            f"  echo $there >> {shlex.quote(notes)}",
            "fi",
            f"exec {shlex.quote(self.runtime.path)} \"$@\"", ""])
        path = self.space.file("witness", script.encode())
        os.chmod(path, 0o700)
        return path

    def notes(self):
        with open(self.space.file("notes"), encoding="utf-8") as source:
            return source.read().split()

    def let_go(self, container, status):
        """What `start` does, up to its last step."""
        gate = os.open(self.fifo, os.O_RDONLY | os.O_CLOEXEC)
        self.assertEqual(os.read(gate, 16), b"0")
        self.await_status(container.init, status)
        with self.assertRaises(TimeoutError):
            container.init.await_hangup(_MEANWHILE)
        return gate

    def test_deleted_after_start_has_finished(self):
        container = self.created("exit 5")
        gate = self.let_go(container, "5")
        os.unlink(self.fifo)
        os.close(gate)
        container.init.await_hangup(_AT_ONCE)
        self.assertEqual(self.notes(), ["no"])
        self.assertEqual(self.finish(container), 5)

    def test_deleted_after_start_was_killed(self):
        """Nobody is left to remove it."""
        container = self.created("exit 6")
        os.close(self.let_go(container, "6"))
        container.init.await_hangup(_AT_ONCE)
        self.assertEqual(self.notes(), ["yes"])
        self.assertEqual(self.finish(container), 6)

    def test_never_started(self):
        """Nothing to wait for."""
        container = self.created("exit 7")
        container.init.kill(signal.SIGKILL)
        container.init.await_hangup(_AT_ONCE)
        self.assertEqual(self.notes(), ["yes"])
        self.assertEqual(self.finish(container), 137)

    def test_start_succeeds(self):
        """Often enough to have failed before."""
        for _ in range(10):
            container = self.launched(self.space.bundle("/bin/true"), start=False)
            result = container.run_runtime("start", container.id)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(self.finish(container), 0)


if __name__ == "__main__":
    sys.exit(main())
