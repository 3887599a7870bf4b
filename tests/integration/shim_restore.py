# SPDX-License-Identifier: Apache-2.0
"""A process that comes out of a checkpoint. Scripted, because criu is not everywhere: what is the
shim's own part of it is all here."""

import json
import os
import re
import sys

from harness import DEADLINE, main
from harness.shim_case import ShimCase, StartError, Stdio

_CHECKPOINT = {"created": "2026-11-23T17:17:20Z", "name": "one", "tcp": True, "unixSockets": True,
               "shell": True, "exit": False, "emptyNS": ["network"]}


class Restore(ShimCase):

    def setUp(self):
        super().setUp()
        self.images = self.space.file("one")
        os.mkdir(self.images)

    def described(self, **changes):
        with open(os.path.join(self.images, "config.json"), "w", encoding="utf-8") as out:
            json.dump(_CHECKPOINT | changes, out)

    def made(self, script, terminal=False):
        bundle = self.space.bundle("x", terminal=terminal)
        return self.container(bundle, **self.fake_runtime({"restore": script}))

    def restored(self, script, stdio=Stdio(), **options):
        container = self.made(script, **options)
        container.launch(stdio, checkpoint=self.images)
        self.addCleanup(container.init.close)
        return container

    def refused(self, script, **options):
        container = self.made(script, **options)
        with self.assertRaises(StartError) as raised:
            container.launch(checkpoint=self.images)
        container.error = str(raised.exception)
        return container

    def assert_line(self, container, flags, console=()):
        """Word for word; the work directory has the time in its name."""
        directory = container.init.directory
        line = self.fake_calls()[0]["argv"]
        work = line.index("--work-path") + 1
        self.assertRegex(line[work], "^" + re.escape(f"{self.images}/criu.work/restore-") +
                         r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
        self.assertEqual(line[:work] + line[work + 1:], [
            "--log", f"{directory}/log.json", "--log-format", "json", "restore", "-d",
            "--image-path", self.images, "--work-path", *console, *flags, "--pid-file",
            f"{directory}/runtime-pid", container.id])
        self.assertEqual(self.fake_calls()[0]["cwd"], container.bundle)

    def test_runs_without_start(self):
        """Relayed, reaped, recorded and deleted as any other."""
        self.described()
        out = self.output()
        container = self.restored({"init": ["sh", "-c", "echo back; exit 6"]},
                                  Stdio(stdout=out.path))
        container.init.await_hangup()
        self.assert_line(container, ["--shell-job", "--tcp-established", "--ext-unix-sk",
                                     "--empty-ns", "network"])
        self.assertEqual(self.fake_verbs(), ["restore", "delete"])
        self.assertEqual(self.finish(container, [out]), 6)
        self.assertEqual(out.data, b"back\n")

    def test_flags_are_the_checkpoint_s(self):
        self.described(tcp=False, unixSockets=False, shell=False, emptyNS=[])
        container = self.restored({"init_exit": 0})
        container.init.await_hangup()
        self.assert_line(container, [])
        self.finish(container)

    def test_terminal(self):
        """The console socket is passed, which the original forgot (D5)."""
        self.described(tcp=False, unixSockets=False, shell=False, emptyNS=[])
        out = self.output()
        container = self.restored({"console": "pty", "init": ["sh", "-c", "tty; exit 2"]},
                                  Stdio(stdout=out.path), terminal=True)
        container.init.await_hangup()
        line = self.fake_calls()[0]["argv"]
        socket = line[line.index("--console-socket") + 1]
        self.assert_line(container, [], ["--console-socket", socket])
        self.assertEqual(self.finish(container, [out]), 2)
        self.assertIn(b"/dev/", out.data)

    def test_checkpoint_without_description(self):
        """Nothing is run, and the text is the contract's."""
        container = self.refused({})
        self.assertEqual(container.error, f"shim error: open {self.images}/config.json: "
                         "no such file or directory")
        self.assertEqual(self.fake_calls(), [])
        container.remove()

    def test_runtime_refuses(self):
        self.described()
        record = json.dumps({"level": "error", "msg": "criu failed: type RESTORE errno 0"})
        container = self.refused({"exit": 1, "log": record})
        self.assertEqual(container.error, "oci runtime error: criu failed: type RESTORE errno 0")
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertEqual(self.fake_verbs(), ["restore", "state", "delete"])
        container.remove()

    def test_running_container_is_not_left_behind(self):
        """Its terminal never came (D4). A runtime deletes none but the dead, and what was restored
        runs already: it is killed first."""
        self.described()
        container = self.refused({"console": "never", "init": ["sleep", "1000"]}, terminal=True)
        self.assertEqual(container.init.shim.wait(DEADLINE), 1)
        self.assertEqual(len(self.errors(container.init)), 1)
        self.assertEqual([(verb, call["alive"]) for verb, call in
                          zip(self.fake_verbs(), self.fake_calls())],
                         [("restore", False), ("delete", False)])
        container.remove()


if __name__ == "__main__":
    sys.exit(main())
