# SPDX-License-Identifier: Apache-2.0
"""Directories that somebody removes while a shim works in them. A daemon takes the state directory
away in some of its failure paths, an engine the bundle once it has heard of the exit: the shim does
to the end what it can still do."""

import os
import shutil
import signal
import sys

from harness import DEADLINE, main
from harness.shim_case import ShimCase, Stdio


class Removed(ShimCase):

    def running(self, **options):
        out = self.output()
        container = self.launched(self.space.shell("echo up; exec sleep 1000"),
                                  Stdio(stdout=out.path), **options)
        out.read_until(b"up\n")
        return container, out

    def await_end(self, process):
        process.await_hangup()
        process.shim.wait(DEADLINE)
        process.close()

    def test_bundle(self):
        """Nothing of it is open, and nothing of it is needed again (R-43)."""
        container, out = self.running()
        links = [os.readlink(f"/proc/{container.init.shim.pid}/{name}")
                 for name in ("cwd", *(f"fd/{fd}" for fd in
                                       os.listdir(f"/proc/{container.init.shim.pid}/fd")))]
        self.assertEqual([link for link in links if link.startswith(container.bundle)], [])
        shutil.rmtree(container.bundle)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_state_directory(self):
        """Nobody will read the status, but the container is deleted, and the shim ends."""
        container, _ = self.running()
        shutil.rmtree(container.directory)
        container.init.kill(signal.SIGKILL)
        self.await_end(container.init)
        self.assertIsNone(self.runtime.state(container.id))

    def test_state_directory_of_a_sealed_shim(self):
        container, _ = self.running(extra={"sealed": True})
        shutil.rmtree(container.directory)
        container.init.kill(signal.SIGKILL)
        self.await_end(container.init)
        self.runtime.destroy(container.id)

    def test_state_directory_while_the_runtime_creates(self):
        """As after a start timeout. What may have been made is deleted."""
        here, gate = self.space.fifo("here"), self.space.fifo("gate")
        container = self.container(self.space.bundle("x"), **self.fake_runtime(
            {"create": {"init": ["true"], "pid_wait": gate, "notify": here}}))
        process = self.spawned(container)
        os.close(os.open(here, os.O_RDONLY))
        shutil.rmtree(container.directory)
        os.close(os.open(gate, os.O_WRONLY))
        self.await_end(process)
        self.assertEqual(self.fake_verbs(), ["create", "state", "delete"])


class Replaced(ShimCase):
    """What stands in the place of a FIFO: refused, never followed, and never waited for."""

    def refusal(self, name, replace):
        container = self.container(self.space.bundle("x"), runtime=self.logging_runtime())
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"], Stdio(), False))
        path = process.directory / name
        path.unlink()
        replace(path)
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        self.assertEqual(process.shim.wait(DEADLINE), 1)
        error, = self.errors(process)
        process.close()
        self.assertEqual(self.logged_calls(), [])
        container.runtime = self.runtime.path
        container.remove()
        return error

    def test_fifo_of_the_shim(self):
        elsewhere = self.space.fifo("elsewhere")
        for name in ("exit", "control"):
            self.assertIn("too many levels of symbolic links",
                          self.refusal(name, lambda path: path.symlink_to(elsewhere)))
            self.assertEqual(self.refusal(name, lambda path: path.write_text("")),
                             f"open {name}: not a fifo")
            self.assertIn(f"open {name}: ", self.refusal(name, lambda path: path.mkdir()))

    def test_process_json(self):
        """A FIFO in its place would never have an end, a link leads who knows where."""
        self.assertEqual(self.refusal("process.json", os.mkfifo),
                         "open process.json: not a regular file")
        self.assertIn("too many levels of symbolic links",
                      self.refusal("process.json", lambda path: path.symlink_to("/etc/passwd")))


class Closed(ShimCase):

    def test_standard_descriptors(self):
        """Of a parent that has closed its own: what the shim opens gets their numbers, and must not
        end up as the container's stdio for that."""
        out = self.output()
        bundle = self.space.shell("ls -l /proc/self/fd >&2; read line; echo $line")
        err, source = self.output(), self.input()
        container = self.container(bundle)
        process = self.spawned(container, Stdio(source.path, out.path, err.path),
                               via=["/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"])
        process.await_pid()
        container.start()
        source.write(b"line\n")
        self.assertEqual(self.finish(container, [out, err]), 0)
        self.assertEqual(out.data, b"line\n")
        links = dict(line.split()[-3::2] for line in err.data.decode().splitlines() if "->" in line)
        self.assertEqual({fd for fd in links if not links[fd].startswith("/proc/")},
                         {"0", "1", "2"})
        self.assertTrue(all(links[fd].startswith("pipe:") for fd in "012"), links)


if __name__ == "__main__":
    sys.exit(main())
