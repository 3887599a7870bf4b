# SPDX-License-Identifier: Apache-2.0
"""A FIFO that nobody reads: 15 seconds, then an error that says which. The only slow tests, so all
of them wait at the same time, in one."""

import sys
import time

from harness import main
from harness.shim_case import ShimCase, Stdio

_BUDGET = 15.0
_CAUSE = "context deadline exceeded"


class AbsentReader(ShimCase):

    def prepared(self, stdio, exit_reader=True, **bundle_options):
        """A shim that was spawned and not waited for."""
        bundle = self.space.bundle("/bin/true", **bundle_options)
        container = self.container(bundle, runtime=self.logging_runtime())
        process = container.init = container.new_process("init")
        spec = container._config()["process"]
        process.prepare(container.process_json(spec, stdio, False))
        if not exit_reader:
            process.close()
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        self.addCleanup(process.close)
        return container

    @staticmethod
    def text_of(path):
        return f"containerd-shim: opening {path} failed: {_CAUSE}"

    def test_budget_and_texts(self):
        """For stdout, for stderr, for both, for a terminal, whose text has no path, and for `exit`,
        whose reader was there and has died."""
        fifos = {name: self.space.fifo(name) for name in ("a", "b", "c", "d", "e")}
        began = time.monotonic()
        cases = [
            (self.prepared(Stdio(stdout=fifos["a"])), self.text_of(fifos["a"])),
            (self.prepared(Stdio(stderr=fifos["b"])), self.text_of(fifos["b"])),
            (self.prepared(Stdio(stdout=fifos["c"], stderr=fifos["d"])), self.text_of(fifos["c"])),
            (self.prepared(Stdio(stdout=fifos["e"]), terminal=True), _CAUSE),
            (self.prepared(Stdio(), exit_reader=False), f"open exit: {_CAUSE}"),
        ]
        for container, text in cases:
            process = container.init
            self.assertEqual(process.shim.wait(_BUDGET + 10), 1)
            self.assertGreaterEqual(time.monotonic() - began, _BUDGET - 0.1)
            self.assertEqual(self.errors(process), [text])
            if process._exit_fd >= 0:
                process.await_hangup()
            process.close()
        self.assertLess(time.monotonic() - began, 2 * _BUDGET, "one wait, and the same for all")
        self.assertEqual(self.logged_calls(), [], "nothing was created, so nothing is deleted")
        self.assert_no_stray_sockets()
        for container, _ in cases:
            container.remove()

    def test_without_inotify(self):
        """A user has a limited number of instances; a reader that comes late is seen all the same."""
        fifo = self.space.fifo("late")
        limited = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
        container = self.container(self.space.bundle("x"), **self.quick_runtime("echo seen"))
        process = self.spawned(container, Stdio(stdout=fifo),
                               via=["unshare", "-Ur", "sh", "-c", limited, "sh"])
        with self.assertRaises(TimeoutError):
            process.await_hangup(0.3)
        with open(fifo, "rb") as reader:
            self.assertEqual(reader.read(5), b"seen\n")
        self.assertEqual(self.finish(container), 0)


if __name__ == "__main__":
    sys.exit(main())
