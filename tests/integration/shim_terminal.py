# SPDX-License-Identifier: Apache-2.0
"""Processes on a terminal: console socket, sizes, end-of-file that is none."""

import os
import signal
import sys

from harness import main
from harness.shim_case import ShimCase, Stdio


def _lines(data):
    """runc leaves newline translation on, older runtimes turned it off."""
    return data.replace(b"\r\n", b"\n")


class Terminal(ShimCase):

    def terminal(self, script, start=True, **settings):
        """A container on a terminal, with its client's two FIFOs."""
        self.keys, self.out = self.input("keys"), self.output("screen")
        bundle = self.space.shell(script, terminal=True)
        return self.launched(bundle, Stdio(self.keys.path, self.out.path, "/no/such/stderr"),
                             start=start, **settings)

    def test_output_and_status(self):
        """stderr has no path of its own: it need not exist."""
        container = self.terminal("test -t 0 && test -t 1 && test -t 2 && echo yes; exit 9")
        self.assertEqual(self.finish(container, [self.out]), 9)
        self.assertEqual(_lines(self.out.data), b"yes\n")

    def test_input(self):
        """Typed lines arrive, with their echo."""
        container = self.terminal("stty -echo; echo ready; read line; echo got $line; exit 3")
        self.out.read_until(b"ready")
        self.keys.write(b"abc\n")
        self.assertEqual(self.finish(container, [self.out]), 3)
        self.assertIn(b"got abc\n", _lines(self.out.data))

    def test_interrupt_key(self):
        """It is a signal for the foreground, made by the terminal."""
        container = self.terminal("trap 'exit 7' INT; echo ready; sleep 1000 & wait")
        self.out.read_until(b"ready")
        self.keys.write(b"\x03")
        self.assertEqual(self.finish(container, [self.out]), 7)

    def test_resize(self):
        """Through control, announced by SIGWINCH."""
        script = ("trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 1000 & wait; done")
        container = self.terminal(script)
        self.out.read_until(b"ready")
        container.init.resize(132, 43)
        self.assertEqual(self.finish(container, [self.out]), 0)
        self.assertIn(b"43 132", self.out.data)

    def test_resize_before_start(self):
        """The first size is there when the process is; of several the last counts."""
        container = self.terminal("stty size", start=False)
        container.init.resize(20, 10)
        container.init.resize(101, 31)
        # Control messages are taken in order, so once this one is answered both were.
        container.start()
        self.assertEqual(self.finish(container, [self.out]), 0)
        self.assertEqual(_lines(self.out.data), b"31 101\n")

    def test_close_stdin_means_nothing(self):
        """A terminal has no end-of-file but the one that is typed."""
        container = self.terminal("stty -echo; echo ready; read line; echo got $line")
        self.out.read_until(b"ready")
        container.init.close_stdin()
        self.keys.write(b"still\n")
        self.assertEqual(self.finish(container, [self.out]), 0)
        self.assertIn(b"got still", self.out.data)

    def test_a_hundred_thousand_lines(self):
        """The tail is not lost when the terminal goes (its hang-up comes with data unread)."""
        container = self.terminal("seq 1 100000")
        self.assertEqual(self.finish(container, [self.out]), 0)
        self.assertEqual(_lines(self.out.data), b"".join(b"%d\n" % n for n in range(1, 100001)))

    def test_all_slaves_closed_for_a_while(self):
        """An error on the master is not its end while the process lives (R-29)."""
        script = ("tty=/dev/pts/0; echo before; exec < /dev/null > /dev/null 2>&1; "
                  "echo after > $tty; exit 8")
        container = self.terminal(script)
        self.assertEqual(self.finish(container, [self.out]), 8)
        self.assertEqual(_lines(self.out.data), b"before\nafter\n")

    def test_sleeps_while_nobody_has_the_terminal_open(self):
        """That state is an error and a hang-up in one, and it lasts: no reason to spin."""
        closed = f"{self.space.rootfs}/etc/closed"
        os.mkfifo(closed)
        script = "exec < /dev/null > /dev/null 2>&1; : > /etc/closed; exec sleep 1000"
        container = self.terminal(script)
        with open(closed, "rb") as source:
            source.read()
        self.assert_sleeps(container.init)
        self.keys.write(b"x\n" * 40_000)  # lines that nobody takes, so the terminal is full
        self.assert_sleeps(container.init)
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [self.out]), 137)

    def test_death_by_signal(self):
        container = self.terminal("echo ready; exec sleep 1000")
        self.out.read_until(b"ready")
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [self.out]), 137)

    def test_exec(self):
        """A terminal for an exec, in a container without one."""
        init_out, keys, out = self.output(), self.input(), self.output()
        bundle = self.space.shell("echo up; exec sleep 1000")
        container = self.launched(bundle, Stdio(stdout=init_out.path))
        init_out.read_until(b"up")
        spec = self.exec_spec(bundle, "/bin/sh", "-c", "tty; stty size; exit 6", terminal=True)
        process = container.exec("extra", spec, Stdio(keys.path, out.path, ""))
        self.assertEqual(process.wait(), 6)
        self.assertIn(b"/dev/pts/", out.read_until(b"\n"))
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [init_out]), 137)

    def test_long_temporary_directory(self):
        """A socket's path has 108 bytes; a long TMPDIR must not be the end of it (R-64)."""
        deep = os.path.join(self.space.tmp, "d" * 100, "e" * 100)
        os.makedirs(deep)
        container = self.terminal("exit 4", env=self.space.environment | {"TMPDIR": deep})
        self.assertEqual(self.finish(container, [self.out]), 4)
        self.assertEqual(os.listdir(deep), [])
        os.removedirs(deep)
        os.makedirs(self.space.tmp, exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
