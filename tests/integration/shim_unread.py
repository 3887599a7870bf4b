# SPDX-License-Identifier: Apache-2.0
"""Output that nobody has read when all is over: a FIFO's content would vanish with the shim, the
last to have it open, so it is saved in the process directory (R-26)."""

import json
import os
import sys

from harness import main, parametrised
from harness.shim_case import ShimCase, Stdio

# Fits a FIFO, in pieces that take up more of it than their bytes need.
_SCRIPT = "for i in 1 2 3 4 5; do echo line $i; done; echo sorry >&2; exit 4"
_STDOUT = b"".join(b"line %d\n" % number for number in range(1, 6))


class Tail(ShimCase):

    def ended(self, script, streams, sealed):
        """A container whose readers went before it was started, at its end."""
        stdio = Stdio(stdout=streams[0].path, stderr=streams[-1].path)
        container = self.launched(self.space.shell(script), stdio, start=False,
                                  extra={"sealed": sealed})
        for stream in streams:
            stream.close()
        container.start()
        container.init.await_hangup()
        self.assertEqual(self.shim_log(container.init), [])
        return container

    def counts(self, container):
        record = json.loads((container.init.directory / "exit.json").read_text(encoding="utf-8"))
        return record["streams"]

    def tail(self, container, name):
        path = container.init.directory / f"{name}.tail"
        return path.read_bytes() if path.exists() else None

    @parametrised({"sealed": (True,), "unsealed": (False,)})
    def test_nobody_reads(self, sealed):
        container = self.ended(_SCRIPT, (self.output("out"), self.output("err")), sealed)
        self.assertEqual(self.tail(container, "stdout"), _STDOUT)
        self.assertEqual(self.tail(container, "stderr"), b"sorry\n")
        self.assertEqual(self.counts(container)["stdout"],
                         {"read": len(_STDOUT), "delivered": len(_STDOUT),
                          "unread": len(_STDOUT)})
        self.assertEqual(self.finish(container), 4)

    def test_a_full_fifo(self):
        """Not a byte more than it holds can be left."""
        size = 65536
        streams = (self.output("out"), self.output("err"))
        container = self.ended(f"head -c {size} /dev/zero", streams, True)
        self.assertEqual(self.tail(container, "stdout"), bytes(size))
        self.assertEqual(self.finish(container), 0)

    def test_a_slow_reader(self):
        """What it has not read yet is still there for it, and only there."""
        out, err = self.output("out"), self.output("err")
        container = self.launched(self.space.shell(_SCRIPT), Stdio(stdout=out.path,
                                                                   stderr=err.path))
        container.init.await_hangup()
        self.assertIsNone(self.tail(container, "stdout"))
        self.assertNotIn("unread", self.counts(container)["stdout"])
        self.assertEqual(self.finish(container, [out, err]), 4)
        self.assertEqual((out.data, err.data), (_STDOUT, b"sorry\n"))

    def test_one_fifo_for_both(self):
        """Whoever lets go of it last saves it, once."""
        out = self.output()
        container = self.ended(_SCRIPT, (out,), True)
        tails = [self.tail(container, name) for name in ("stdout", "stderr")]
        saved = [tail for tail in tails if tail is not None]
        self.assertEqual(len(saved), 1)
        self.assertEqual(sorted(saved[0].splitlines()),
                         sorted((_STDOUT + b"sorry\n").splitlines()))
        self.assertEqual(self.finish(container), 4)

    def test_nothing_unread(self):
        """No file appears, and none is left over from being ready for one."""
        out, err = self.output("out"), self.output("err")
        container = self.launched(self.space.shell(_SCRIPT), Stdio(stdout=out.path,
                                                                   stderr=err.path))
        out.read_until(_STDOUT)
        err.read_until(b"sorry\n")
        container.init.await_hangup()
        names = [name for name in os.listdir(container.init.directory) if "tail" in name]
        self.assertEqual(names, [])
        self.assertEqual(self.finish(container, [out, err]), 4)


if __name__ == "__main__":
    sys.exit(main())
