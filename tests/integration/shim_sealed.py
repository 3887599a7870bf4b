# SPDX-License-Identifier: Apache-2.0
"""Sealed shims: once the process exists they run nothing. Who asks for it (process.json: sealed)
kills and deletes what is left after the hang-up."""

import json
import os
import signal
import sys

from harness import main
from harness.shim_case import ShimCase, Stdio, collect


class Sealed(ShimCase):

    def sealed(self, script, stdio=Stdio(), **settings):
        bundle = self.space.shell(script)
        return self.launched(bundle, stdio, extra={"sealed": True}, **settings)

    def test_runs_nothing_after_launch(self):
        """No `kill --all` and no `delete`: the runtime still knows the container at the hang-up."""
        container = self.sealed("exit 5", runtime=self.logging_runtime())
        container.init.await_hangup()
        verbs = [word for call in self.logged_calls() for word in call
                 if word in ("create", "start", "kill", "delete")]
        self.assertEqual(verbs, ["create", "start"])
        self.assertEqual(self.runtime.state(container.id)["status"], "stopped")
        self.assertEqual(self.finish(container), 5)

    def test_container_is_not_affected(self):
        """Its own filter and privileges are the bundle's."""
        out = self.output()
        container = self.sealed("grep -E 'Seccomp:|CapPrm' /proc/self/status",
                                Stdio(stdout=out.path))
        self.assertEqual(self.finish(container, [out]), 0)
        fields = dict(line.split(":\t") for line in out.data.decode().splitlines())
        self.assertEqual(fields["Seccomp"], "0")
        self.assertNotEqual(int(fields["CapPrm"], 16), 0)

    def test_still_does_its_work(self):
        """Relaying both ways, control messages, reaping and recording."""
        source, out, err = self.input(), self.output(), self.output()
        container = self.sealed("cat; (true &); echo sorry >&2; exit 17",
                                Stdio(source.path, out.path, err.path))
        data = os.urandom(1 << 20)
        os.set_blocking(source.fd, False)
        sent = 0
        while sent < len(data):
            try:
                sent += os.write(source.fd, data[sent:sent + 65536])
            except BlockingIOError:
                collect([out], once=True)
        container.init.resize(80, 24)
        container.init.close_stdin()
        source.close()
        collect([out, err])
        container.init.await_hangup()
        record = json.loads((container.init.directory / "exit.json").read_text())
        self.assertEqual(record["code"], 17)
        self.assertEqual(self.finish(container), 17)
        self.assertEqual((out.data, err.data), (data, b"sorry\n"))

    def test_to_a_file(self):
        """Appending to a file takes another path than splicing into a FIFO."""
        path = self.space.file("log", b"old\n")
        container = self.sealed("echo new", Stdio(stdout=path))
        self.assertEqual(self.finish(container), 0)
        with open(path, "rb") as source:
            self.assertEqual(source.read(), b"old\nnew\n")

    def test_terminal(self):
        """Also with a terminal, whose size can be set."""
        keys, out = self.input(), self.output()
        bundle = self.space.shell("stty -echo; echo ready; read line; stty size; exit 3",
                                  terminal=True)
        container = self.launched(bundle, Stdio(keys.path, out.path, ""), extra={"sealed": True})
        out.read_until(b"ready")
        container.init.resize(90, 30)
        keys.write(b"\n")
        self.assertEqual(self.finish(container, [out]), 3)
        self.assertIn(b"30 90", out.data)

    def test_exec(self):
        """An exec is sealed in the same way, in a container whose init is not."""
        out = self.output()
        bundle = self.space.shell("echo up; exec sleep 1000")
        container = self.launched(bundle, Stdio(stdout=out.path))
        out.read_until(b"up")
        process = container.exec("extra", self.exec_spec(bundle, "/bin/sleep", "1000"),
                                 sealed=True)
        process.kill(signal.SIGTERM)
        self.assertEqual(process.wait(), 143)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_failed_launch_is_undone(self):
        """Until the process exists a sealed shim is like any other."""
        bundle = self.space.bundle("x")
        bundle.config["root"]["path"] = "/no/such/root"
        container = self.failed_launch(bundle.write(), extra={"sealed": True})
        self.assertIn("/no/such/root", container.error)
        self.assertIsNone(self.runtime.state(container.id))
        container.remove()

    def test_terminate(self):
        """SIGTERM is still passed on, by the pidfd that the shim has held all along."""
        out = self.output()
        container = self.sealed("trap 'exit 22' TERM; echo up; sleep 1000 & wait",
                                Stdio(stdout=out.path))
        out.read_until(b"up")
        container.init.shim.terminate()
        self.assertEqual(self.finish(container, [out]), 22)


if __name__ == "__main__":
    sys.exit(main())
