# SPDX-License-Identifier: Apache-2.0
"""Signals for `chock run` reach the container's first process."""

import signal
import subprocess
import sys

from harness import Case, main, parametrised

_FORWARDED = ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2")

# The wait is interrupted by the trap; without it the shell would run the trap only after `sleep`.
_HANDLER = "trap 'echo got {0}; exit 33' {0}; sleep 1000 & echo ready; wait"


class Forwarding(Case):

    @parametrised({name: (name,) for name in _FORWARDED})
    def test_signal(self, name):
        """It is handled in the container, and the container's exit code is chock's."""
        child = self.spawn(self.run_argv(self.space.shell(_HANDLER.format(name))),
                           stdout=subprocess.PIPE)
        self.assertEqual(child.stdout.readline(), b"ready\n")
        child.send_signal(getattr(signal, "SIG" + name))
        self.assertEqual(child.stdout.readline(), f"got {name}\n".encode())
        self.assertEqual(child.wait(30), 33)

    def test_all_in_turn(self):
        """None is lost, and none ends chock itself."""
        traps = " ".join(f"trap 'echo {name}' {name};" for name in _FORWARDED[:-1])
        script = f"{traps} trap 'exit 12' USR2; sleep 1000 & echo ready; while :; do wait; done"
        child = self.spawn(self.run_argv(self.space.shell(script)), stdout=subprocess.PIPE)
        self.assertEqual(child.stdout.readline(), b"ready\n")
        for name in _FORWARDED[:-1]:
            child.send_signal(getattr(signal, "SIG" + name))
            self.assertEqual(child.stdout.readline(), name.encode() + b"\n")
        child.send_signal(signal.SIGUSR2)
        self.assertEqual(child.wait(30), 12)

    def test_ignored_by_the_container(self):
        """A container that ignores SIGTERM goes on, and so does chock."""
        script = "trap '' TERM; echo ready; read line; echo $line; exit 2"
        child = self.spawn(self.run_argv(self.space.shell(script)), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
        self.assertEqual(child.stdout.readline(), b"ready\n")
        child.send_signal(signal.SIGTERM)
        child.stdin.write(b"still here\n")
        child.stdin.close()
        self.assertEqual(child.stdout.read(), b"still here\n")
        self.assertEqual(child.wait(30), 2)


if __name__ == "__main__":
    sys.exit(main())
