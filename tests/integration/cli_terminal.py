# SPDX-License-Identifier: Apache-2.0
"""chock on a terminal: raw mode while it lasts, sizes, keys, detaching. The test is the terminal."""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

from harness import Deadline, main
from harness.cli_case import both_ways
from harness.process import read_until

_PROMPT = "stty -echo 2>/dev/null; echo ready; "


class Screen:
    """A pseudo-terminal whose slave is a child's controlling terminal."""

    def __init__(self, case, words, rows=24, columns=80):
        self.master, slave = pty.openpty()
        case.closed_at_end(self)
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.master)
        self.child = case.spawn(case.argv(*words), stdin=slave, stdout=slave, stderr=slave,
                                start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY))
        self.slave = slave

    def close(self):
        os.close(self.master)
        os.close(self.slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def expect(self, text):
        return read_until(self.master, text, Deadline(what=repr(text)))

    def is_raw(self):
        return not termios.tcgetattr(self.master)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)


class Terminal:

    def run_on(self, script, *options, **size):
        container = self.space.new_id()
        bundle = self.space.shell(script, terminal=True)
        return container, Screen(self, ["run", *options, "-b", bundle.path, container], **size)

    def assert_restored(self, screen):
        self.assertEqual(termios.tcgetattr(screen.master), screen.before)

    def test_raw_mode_for_as_long_as_it_lasts(self):
        _, screen = self.run_on(_PROMPT + "read line; echo got $line; exit 5", "-t")
        screen.expect(b"ready\r\n")
        self.assertTrue(screen.is_raw())
        screen.type(b"hello\r")
        screen.expect(b"got hello\r\n")
        self.assertEqual(screen.child.wait(30), 5)
        self.assert_restored(screen)

    def test_interrupt_key_is_the_container_s(self):
        """^C is a byte for us and a signal there."""
        _, screen = self.run_on("trap 'echo interrupted; exit 6' INT; echo ready; "
                                "while :; do sleep 1; done")
        screen.expect(b"ready\r\n")
        screen.type(b"\x03")
        screen.expect(b"interrupted")
        self.assertEqual(screen.child.wait(30), 6)
        self.assert_restored(screen)

    def test_size_at_the_start_and_later(self):
        _, screen = self.run_on("trap 'stty size' WINCH; stty size; echo ready; "
                                "while :; do sleep 1; done", rows=31, columns=97)
        screen.expect(b"31 97\r\nready\r\n")
        screen.resize(40, 120)
        screen.expect(b"40 120\r\n")
        screen.child.send_signal(signal.SIGTERM)  # to an init that does not care
        screen.child.kill()
        screen.child.wait(30)

    def test_detach_and_attach(self):
        container, screen = self.run_on(_PROMPT + "read line; echo got $line; exit 7", "--rm=false")
        screen.expect(b"ready\r\n")
        screen.type(b"\x10\x11")
        self.assertEqual(screen.child.wait(30), 0)
        self.assert_restored(screen)
        self.assertEqual(self.answer("state", container)["status"], "running")
        again = Screen(self, ["attach", container], rows=33, columns=66)
        again.type(b"more\r")
        again.expect(b"got more\r\n")
        self.assertEqual(again.child.wait(30), 7)
        self.assert_restored(again)

    def test_other_detach_keys(self):
        """The usual ones are keys like any others then; so is the beginning of a sequence."""
        _, screen = self.run_on("stty raw -echo; echo ready; head -c 3 | od -An -tx1; sleep 1000",
                                "--detach-keys", "ctrl-a,d")
        screen.expect(b"ready")
        screen.type(b"\x10\x11\x01x")
        screen.expect(b"10 11 01")
        screen.type(b"\x01d")
        self.assertEqual(screen.child.wait(30), 0)
        self.assert_restored(screen)

    def test_exec(self):
        container = self.start()
        screen = Screen(self, ["exec", "-i", "-t", container, "/bin/sh", "-c", "tty; " + _PROMPT +
                               "read line; echo got $line; stty size; exit 8"], rows=30, columns=90)
        screen.expect(b"/dev/pts/0\r\nready\r\n")
        self.assertTrue(screen.is_raw())
        # A runtime may let the process begin before its terminal has its size, but no key is faster.
        screen.type(b"hello\r")
        screen.expect(b"got hello\r\n30 90\r\n")
        self.assertEqual(screen.child.wait(30), 8)
        self.assert_restored(screen)

    def test_exec_without_input_leaves_the_terminal_alone(self):
        container = self.start()
        screen = Screen(self, ["exec", "-t", container, "/bin/sh", "-c",
                               "trap 'exit 9' INT; trap 'stty size' WINCH; echo ready; "
                               "while :; do sleep 1; done"])
        screen.expect(b"ready")
        screen.resize(41, 121)
        screen.expect(b"41 121")
        self.assertFalse(screen.is_raw())
        screen.type(b"\x03")  # a signal for us, and handed on
        self.assertEqual(screen.child.wait(30), 9)

    def test_terminal_that_is_asked_for_and_not_there(self):
        bundle = self.space.shell("exit 0")
        self.refused(self.chock("run", "-t", "-b", bundle.path, self.space.new_id()),
                     "-t", "process.terminal", bundle.config_path)

    def test_terminal_of_the_container_s_without_one_of_ours(self):
        """Its output comes as it is, and nothing is typed."""
        bundle = self.space.shell("echo out; exit 4", terminal=True)
        result = self.chock("run", "-b", bundle.path, self.space.new_id())
        self.assertEqual((result.returncode, result.stdout), (4, b"out\r\n"))

    def test_terminal_that_goes_away(self):
        """A hang-up of ours is one of the container's."""
        _, screen = self.run_on("trap 'exit 0' HUP; echo ready; while :; do sleep 1; done",
                                "--rm=false")
        screen.expect(b"ready")
        container = self.answer("list")["containers"][0]["id"]
        screen.child.send_signal(signal.SIGHUP)
        self.assertEqual(screen.child.wait(30), 0)
        self.assertEqual(self.answer("state", container)["status"], "stopped")


TerminalAlone, TerminalServed = both_ways(Terminal)

if __name__ == "__main__":
    sys.exit(main())
