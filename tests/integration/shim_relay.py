# SPDX-License-Identifier: Apache-2.0
"""Bytes in quantity, and what holds up the end: output that nobody has read yet."""

import hashlib
import os
import sys

from harness import Deadline, main, only_with
from harness.process import wait_fd
from harness.shim_case import ShimCase, Stdio
from harness.stdio import collect

_MIB = 1 << 20


class Volume(ShimCase):

    @only_with("runc", "the relay does not depend on the runtime")
    def test_64_mebibytes(self):
        """Compared by hash with what the container computed."""
        script = ("head -c 67108864 /dev/urandom | tee /proc/self/fd/3 | sha256sum >&2")
        out, err = self.output(), self.output()
        bundle = self.space.shell(f"( {script} ) 3>&1")
        container = self.launched(bundle, Stdio("/dev/null", out.path, err.path))
        self.assertEqual(self.finish(container, [out, err]), 0)
        self.assertEqual(len(out.data), 64 * _MIB)
        self.assertEqual(hashlib.sha256(out.data).hexdigest(), err.data.split()[0].decode())

    def test_slow_reader(self):
        """A byte at a time and in between; nothing is lost, and nothing runs ahead for ever."""
        out = self.output()
        container = self.launched(self.space.shell("seq 1 50000"), Stdio(stdout=out.path))
        read, size = b"", 1
        while not out.ended:
            events = wait_fd(out.fd, 1, Deadline())
            chunk = os.read(out.fd, size)
            out.ended = not chunk and bool(events)
            read, size = read + chunk, size % 5000 + 7
        self.assertEqual(read, b"".join(b"%d\n" % i for i in range(1, 50001)))
        self.assertEqual(self.finish(container), 0)

    def test_input_against_output(self):
        """A container blocked on its output still has its input delivered, and the reverse."""
        source, out = self.input(), self.output()
        container = self.launched(self.space.bundle("/bin/cat"), Stdio(source.path, out.path))
        data = os.urandom(4 * _MIB)
        os.set_blocking(source.fd, False)
        sent, deadline = 0, Deadline()
        while sent < len(data):
            try:
                sent += os.write(source.fd, data[sent:sent + 65536])
            except BlockingIOError:
                collect([out], deadline, once=True)
        container.init.close_stdin()
        source.close()
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(hashlib.sha256(out.data).digest(), hashlib.sha256(data).digest())


class Drain(ShimCase):

    def test_unread_output_delays_the_hangup_only(self):
        """The status is there at once, the runtime says stopped, and `exit` hangs up when all is
        read."""
        out = self.output()
        container = self.launched(self.space.shell("head -c 1000000 /dev/zero; exit 7"),
                                  Stdio(stdout=out.path))
        collect([out], once=True)
        with self.assertRaises(TimeoutError):
            container.init.await_hangup(0.5)
        self.assertEqual(self.finish(container, [out]), 7)
        self.assertEqual(len(out.data), 1_000_000)

    def test_written_just_before_the_end(self):
        """Around the sizes of a page and of a pipe, where a lost byte would hide."""
        for size in (1, 4095, 4096, 4097, 65535, 65536, 65537, 131072):
            outcome = self.run_container(self.space.shell(f"head -c {size} /dev/zero; exit 1"))
            self.assertEqual((outcome.status, len(outcome.stdout)), (1, size))

    def test_a_descendant_of_init_holds_stdout(self):
        """It dies with init's namespace, and its hold with it."""
        out = self.output()
        container = self.launched(self.space.shell("sleep 1000 & echo up; exit 5"),
                                  Stdio(stdout=out.path))
        self.assertEqual(self.finish(container, [out]), 5)

    def test_shim_sleeps_while_nothing_happens(self):
        """No wake-ups: its context switches do not grow while its container is idle."""
        out, go_on = self.output(), self.input()
        container = self.launched(self.space.shell("echo up; read line"),
                                  Stdio(go_on.path, out.path))
        out.read_until(b"up")
        self.assert_sleeps(container.init)
        go_on.write(b"\n")
        self.assertEqual(self.finish(container, [out]), 0)


if __name__ == "__main__":
    sys.exit(main())
