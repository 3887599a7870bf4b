#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""completions.py runc: bash, zsh and fish complete every verb and every option that the programs
have, and the ids of containers and processes that run. A test like those of tests/integration, whose
harness it uses: CHOCK_BUILD_DIR says where the programs are.
"""

import os
import subprocess
import sys

import command_lines
import shells

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../tests/integration"))
from harness.case import Case, main  # pylint: disable=wrong-import-position

BUILD = os.path.abspath(os.environ.get("CHOCK_BUILD_DIR", "build/release"))
CHOCK = command_lines.Chock(os.path.join(BUILD, "chock"))
MAKES_A_CONTAINER = ("run", "start", "restore")


def _names(options):
    return {name for names in options for name in names}


class Completions(Case):
    def setUp(self):
        super().setUp()
        zsh_directory = self.space.file("zsh")
        os.mkdir(zsh_directory)
        # Nothing but chock and what shells and completions use themselves. The home is that of the
        # state directory.
        self.environment = {"PATH": f"{BUILD}:/usr/bin:/bin", "LANG": "C.UTF-8",
                            "HOME": self.space.root, "TMPDIR": self.space.tmp}
        environment = self.environment
        zsh = shells.Zsh(environment, zsh_directory)
        self.shells = {"bash": shells.Bash(environment), "fish": shells.Fish(environment),
                       "zsh": zsh}
        self.where = f"--state-dir {self.space.state_root}"
        self.ids = set()

    def tearDown(self):
        self.shells["zsh"].close()
        for container in self.ids:
            self._chock("delete", "--force", container)
        super().tearDown()

    def _chock(self, *words):
        return subprocess.run([self.chock_path, *self.where.split(), *words], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              env=self.space.environment).stdout

    def _start_containers(self):
        for _ in range(2):
            container = self.space.new_id()
            self._chock("start", "--runtime", self.runtime.path, "--shim", self.shim_path,
                        "-b", self.space.bundle("/bin/sleep", "1000").path, container)
            self.ids.add(container)

    def expect(self, line, expected):
        for name, shell in self.shells.items():
            with self.subTest(shell=name, line=line):
                self.assertEqual(shell.complete(line), set(expected))

    def test_verbs(self):
        self.expect("chock ", {name.split()[0] for name in CHOCK.verbs})
        self.expect("chock checkp", {"checkpoint"})
        self.expect(f"chock {self.where} checkp", {"checkpoint"})
        self.expect("chock checkpoint ", {"create", "list", "delete"})

    def test_options(self):
        self.expect("chock -", _names(CHOCK.global_options))
        for verb, (_, options) in CHOCK.verbs.items():
            known = _names(options) | _names(CHOCK.global_options)
            self.expect(f"chock {verb} -", known - {"--version"})

    def test_containers(self):
        self._start_containers()
        for verb, (words, _) in CHOCK.verbs.items():
            if words.startswith("ID"):
                known = set() if verb in MAKES_A_CONTAINER else self.ids
                self.expect(f"chock {self.where} {verb} ", known)
        self.expect(f"chock kill --state-dir={self.space.state_root} ", self.ids)
        self.expect("chock kill --state-dir /nonexistent ", set())
        self.expect(f"chock {self.where} events --id ", self.ids)
        for name, shell in self.shells.items():
            with self.subTest(shell=name):
                self.assertEqual(shell.complete(f"chock {self.where} events --id="),
                                 {shell.prefix("--id") + container for container in self.ids})

    def test_state_directory_below_home(self):
        self._start_containers()
        name = os.path.basename(self.space.state_root)
        for home in ("~", "$HOME"):
            self.expect(f"chock --state-dir {home}/{name} kill ", self.ids)
        self.expect(f"chock kill --state-dir=$HOME/{name} ", self.ids)
        for shell, braces in (("bash", "${HOME}"), ("zsh", "${HOME}"), ("fish", "{$HOME}")):
            line = f"chock --state-dir {braces}/{name} kill "
            with self.subTest(shell=shell, line=line):
                self.assertEqual(self.shells[shell].complete(line), self.ids)
        # As the shells themselves, which leave this to whoever reads it, and evaluate nothing.
        self.expect(f"chock kill --state-dir=~/{name} ", set())
        self.expect(f"chock --state-dir $(echo$IFS{self.space.state_root}) kill ", set())

    def test_processes(self):
        self._start_containers()
        container = min(self.ids)
        self._chock("exec", "-d", "--exec-id", "worker", container, "sleep", "1000")
        self.expect(f"chock {self.where} kill {container} --process ", {"init", "worker"})
        self.expect(f"chock {self.where} wait {container} -p w", {"worker"})
        self.expect(f"chock {self.where} exec {container} sh ", set())

    def test_values(self):
        self.expect("chock serve --log-format ", {"text", "json"})
        for name, shell in self.shells.items():
            with self.subTest(shell=name):
                paths = shell.complete(f"chock run --bundle {self.space.root}/rootf")
                self.assertEqual({os.path.basename(path.rstrip("/")) for path in paths}, {"rootfs"})
                self.assertLessEqual({"HUP", "TERM", "KILL", "USR1"},
                                     shell.complete("chock kill some-container "))

    def test_without_chock(self):
        """Silence, where there is no chock at all."""
        environment = self.environment | {"PATH": "/usr/bin:/bin"}
        for shell in (shells.Bash(environment), shells.Fish(environment)):
            with self.subTest(shell=type(shell).__name__):
                self.assertEqual(shell.complete("chock "), set())
                self.assertEqual(shell.complete("chock run -"), set())


if __name__ == "__main__":
    sys.exit(main())
