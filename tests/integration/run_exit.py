# SPDX-License-Identifier: Apache-2.0
"""`chock run` exits as its container does."""

import signal
import sys

from harness import SHARED_PID, Case, main, parametrised


class ExitCode(Case):

    @parametrised({str(code): (code,) for code in (0, 1, 42, 126, 127, 255)})
    def test_code(self, code):
        """The container's code is chock's own."""
        result = self.chock_run(self.space.shell(f"exit {code}"))
        self.assertEqual(result.returncode, code, result)
        self.assertEqual(result.stderr, b"")

    @parametrised({name: (getattr(signal, name),)
                   for name in ("SIGKILL", "SIGTERM", "SIGSEGV", "SIGHUP")})
    def test_death_by(self, number):
        """A signalled container gives 128 + n. In the host's pid namespace, because in one of its
        own a first process cannot be killed by itself."""
        bundle = self.space.shell(f"kill -{number.value} $$", namespaces=SHARED_PID)
        result = self.chock_run(bundle)
        self.assertEqual(result.returncode, 128 + number, result)

    def test_killed_from_outside(self):
        """SIGKILL works in a pid namespace of its own as well."""
        bundle = self.space.shell("echo $$; exec sleep 1000")
        container_id = self.space.new_id()
        child = self.spawn(self.run_argv(bundle, container_id), stdout=-1)
        self.assertEqual(child.stdout.readline(), b"1\n")
        self.runtime.call("kill", container_id, "KILL")
        self.assertEqual(child.wait(30), 137)


class NotStarted(Case):

    def test_command_not_found(self):
        """127, as a shell would have it, and one line that names the command."""
        result = self.chock_run(self.space.bundle("/bin/no-such-command"))
        self.assertEqual(result.returncode, 127, result)
        self.assertEqual(result.stderr.count(b"\n"), 1, result)
        self.assertIn(b"no-such-command", result.stderr)

    def test_command_not_found_in_path(self):
        """As above for a name without a slash."""
        result = self.chock_run(self.space.bundle("no-such-command"))
        self.assertEqual(result.returncode, 127, result)
        self.assertIn(b"no-such-command", result.stderr)

    def test_command_not_executable(self):
        """126, for a file without its execute bit, whatever its name."""
        for path in ("/etc/plain-file", "/etc/not found"):
            with open(f"{self.space.rootfs}{path}", "w", encoding="utf-8") as out:
                out.write("not a program\n")
            result = self.chock_run(self.space.bundle(path))
            self.assertEqual(result.returncode, 126, result)
            self.assertEqual(result.stderr.count(b"\n"), 1, result)


if __name__ == "__main__":
    sys.exit(main())
