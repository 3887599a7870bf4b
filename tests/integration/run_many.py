# SPDX-License-Identifier: Apache-2.0
"""Many containers, at once and one after the other."""

import subprocess
import sys

from harness import Case, main, only_with


class Many(Case):

    def test_ten_at_once(self):
        """All ten run at the same time, each with its own input, output and status."""
        children = [self.spawn(self.run_argv(self.space.shell(f"echo up; cat; exit {number}")),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                    for number in range(10)]
        for child in children:
            self.assertEqual(child.stdout.readline(), b"up\n")
        for number, child in enumerate(children):
            child.stdin.write(f"number {number}".encode())
            child.stdin.close()
        for number, child in enumerate(children):
            self.assertEqual(child.stdout.read(), f"number {number}".encode())
            self.assertEqual(child.wait(60), number)

    @only_with("runc", "the runtime does not matter")
    def test_from_pid_namespaces_of_their_own(self):
        """In each of which chock has the same number: none takes another's directory away."""
        for _ in range(3):
            children = [self.spawn(["unshare", "-p", "-f", "--mount-proc",
                                    *self.run_argv(self.space.bundle("/bin/true"))],
                                   stderr=subprocess.PIPE) for _ in range(8)]
            for child in children:
                self.assertEqual((child.communicate(timeout=60)[1], child.returncode), (b"", 0))

    def test_the_same_id_again(self):
        """An id is free as soon as chock has ended."""
        bundle, container_id = self.space.bundle("/bin/true"), self.space.new_id()
        for _ in range(10):
            self.assertEqual(self.chock_run(bundle, container_id).returncode, 0)

    def test_a_hundred_one_after_the_other(self):
        """Nothing is left behind, which is asserted after every test."""
        bundle = self.space.shell("echo out; echo err >&2; exit 3")
        for _ in range(100):
            result = self.chock_run(bundle)
            self.assertEqual((result.returncode, result.stdout, result.stderr),
                             (3, b"out\n", b"err\n"))


if __name__ == "__main__":
    sys.exit(main())
