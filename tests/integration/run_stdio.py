# SPDX-License-Identifier: Apache-2.0
"""What goes through `chock run` comes out as it went in."""

import hashlib
import os
import subprocess
import sys

from harness import Case, main

_MIB = 1 << 20


def _digest(data):
    return hashlib.sha256(data).hexdigest()


class Output(Case):

    def random_file(self, name):
        """In the root file system, where the container can read it."""
        data = os.urandom(_MIB)
        with open(f"{self.space.rootfs}/etc/{name}", "wb") as out:
            out.write(data)
        return data

    def test_a_mebibyte_on_stdout(self):
        """Byte for byte, and nothing on stderr."""
        data = self.random_file("data")
        result = self.chock_run(self.space.bundle("/bin/cat", "/etc/data"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(_digest(result.stdout), _digest(data))
        self.assertEqual(result.stderr, b"")

    def test_a_mebibyte_on_stderr(self):
        """Byte for byte, and nothing on stdout."""
        data = self.random_file("data")
        result = self.chock_run(self.space.shell("exec cat /etc/data >&2"))
        self.assertEqual(result.returncode, 0)
        self.assertEqual(_digest(result.stderr), _digest(data))
        self.assertEqual(result.stdout, b"")

    def test_a_mebibyte_on_both_at_once(self):
        """Neither waits for the other."""
        out, err = self.random_file("out"), self.random_file("err")
        result = self.chock_run(self.space.shell("cat /etc/err >&2 & cat /etc/out; wait"))
        self.assertEqual(result.returncode, 0)
        self.assertEqual(_digest(result.stdout), _digest(out))
        self.assertEqual(_digest(result.stderr), _digest(err))

    def test_last_words(self):
        """What is written just before the end arrives before chock ends."""
        for size in (1, 4095, 65535, 65537):
            script = f"head -c {size} /dev/zero; exit 5"
            result = self.chock_run(self.space.shell(script))
            self.assertEqual((result.returncode, len(result.stdout)), (5, size))

    def test_closed_output(self):
        """A container that has closed its streams is still waited for."""
        result = self.chock_run(self.space.shell("exec >&- 2>&-; exit 6"))
        self.assertEqual(result.returncode, 6, result)

    def test_reader_that_leaves(self):
        """`chock run | head -1`: chock must not hang on a reader that is gone."""
        child = self.spawn(self.run_argv(self.space.shell("yes | head -c 1000000; exit 3")),
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(child.stdout.readline(), b"y\n")
        child.stdout.close()
        self.assertEqual(child.wait(30), 3)


class Input(Case):

    def test_to_end_of_file(self):
        """A mebibyte in, the same out, and end-of-file ends the container."""
        data = os.urandom(_MIB)
        result = self.chock_run(self.space.bundle("/bin/cat"), stdin=data)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(_digest(result.stdout), _digest(data))

    def test_empty(self):
        """/dev/null is end-of-file at once."""
        result = self.chock_run(self.space.shell("cat; exit 4"), stdin=b"")
        self.assertEqual((result.returncode, result.stdout), (4, b""))

    def test_dialogue(self):
        """Each line is answered before the next is sent: nothing is held back."""
        child = self.spawn(self.run_argv(self.space.bundle("/bin/cat")), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, bufsize=0)
        for line in (b"one\n", b"two\n", b"three\n"):
            child.stdin.write(line)
            self.assertEqual(child.stdout.readline(), line)
        child.stdin.close()
        self.assertEqual(child.wait(30), 0)

    def test_container_that_does_not_read(self):
        """Unread input does not keep chock."""
        result = self.chock_run(self.space.shell("exit 8"), stdin=bytes(_MIB))
        self.assertEqual(result.returncode, 8)


if __name__ == "__main__":
    sys.exit(main())
