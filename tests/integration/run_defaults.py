# SPDX-License-Identifier: Apache-2.0
"""What `chock run` takes where nothing is named: the runtime, the shim, the state directory."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from harness import Case, main, only_with, run

_OTHER_USER = 54321
_OWN_FAILURE = 125
# In a mount namespace of its own: the first word is the directories that are empty in there.
_ON_EMPTY = ("unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec",
             'for each in $0; do mount -t tmpfs -o mode=755 none "$each"; done; exec "$@"')


def _copy(program, directory):
    os.makedirs(directory, exist_ok=True)
    return shutil.copy(program, directory)


def _give_away(root):
    for path, _, names in os.walk(root):
        for name in (".", *names):
            os.chown(os.path.join(path, name), _OTHER_USER, _OTHER_USER, follow_symlinks=False)


class Defaults(Case):

    programs = ("chock", "chock-shim", "tests/support/quick_runtime")

    def setUp(self):
        super().setUp()
        self.id = self.space.new_id()
        self.calls = self.space.file("calls", b"")

    def recorder(self, path, program):
        """A program that writes down by which path and with what it was called, before it becomes
        another one."""
        text = (f"#!/bin/sh\necho \"$0\" \"$@\" >> {shlex.quote(self.calls)}\n"
                f"exec {shlex.quote(program)} \"$@\"\n")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
        os.chmod(path, 0o755)
        return path

    def recorded(self):
        """The command lines so far, as lists."""
        return [line.split() for line in Path(self.calls).read_text(encoding="utf-8").splitlines()]

    def argv(self, *options, chock=None, bundle=None):
        bundle = bundle or self.space.shell("exit 3")
        return [chock or self.chock_path, "run", *options, "-b", bundle.path, self.id]

    def refused(self, argv, *words, **environment):
        result = run(argv, env=self.space.environment | environment)
        self.assertEqual((result.returncode, result.stdout), (_OWN_FAILURE, b""), result)
        text = result.stderr.decode()
        self.assertTrue(text.startswith("chock: ") and text.count("\n") == 1, text)
        for word in words:
            self.assertIn(word, text)

    def done(self, argv, code=3, **environment):
        result = run(argv, env=self.space.environment | environment)
        self.assertEqual((result.returncode, result.stderr), (code, b""), result)


class Runtime(Defaults):
    """Found in PATH, by chock and again by the shim, to which only the name is passed."""

    def setUp(self):
        super().setUp()
        self.directory = self.space.file("path")

    def options(self):
        return ["--state-dir", self.space.state_root, "--shim", self.shim_path]

    def offer(self, name):
        return self.recorder(os.path.join(self.directory, name), self.runtime.path)

    def run_with_path(self, path, *options):
        self.done(self.argv(*self.options(), *options), PATH=path)

    def programs_used(self):
        return {call[0] for call in self.recorded()}

    def test_runc_comes_first(self):
        self.offer("crun")
        runc = self.offer("runc")
        self.run_with_path(self.directory)
        self.assertEqual(self.programs_used(), {runc})

    def test_runc_comes_first_wherever_it_is(self):
        """Not what is first in PATH."""
        self.offer("crun")
        runc = self.recorder(self.space.file("later/runc"), self.runtime.path)
        self.run_with_path(f"{self.directory}:{os.path.dirname(runc)}")
        self.assertEqual(self.programs_used(), {runc})

    def test_crun_where_there_is_no_runc(self):
        """A file of that name that cannot be executed is none."""
        crun = self.offer("crun")
        os.chmod(self.offer("runc"), 0o600)
        self.run_with_path(self.directory)
        self.assertEqual(self.programs_used(), {crun})

    def test_another_by_name(self):
        self.offer("runc")
        other = self.offer("other")
        self.run_with_path(self.directory, "--runtime", "other")
        self.assertEqual(self.programs_used(), {other})

    @only_with("runc", "none is run")
    def test_neither(self):
        """Said with the way out."""
        os.mkdir(self.directory)
        self.refused(self.argv(*self.options()), "neither runc nor crun is in PATH", "--runtime",
                     PATH=self.directory)

    def test_arguments(self):
        """In front of every verb, in the order given, whoever calls it."""
        self.offer("runc")
        root = self.space.file("root")
        self.run_with_path(self.directory, "--runtime-arg", f"--root={root}",
                           "--runtime-arg", "--debug")
        verbs = set()
        for call in self.recorded():
            at = call.index(f"--root={root}")
            self.assertEqual(call[at + 1], "--debug", call)
            verbs.add(call[at + 2])
        self.assertLessEqual({"create", "start", "delete"}, verbs)
        self.assertTrue(os.path.isdir(root))


class Shim(Defaults):

    def setUp(self):
        super().setUp()
        self.directory = self.space.file("bin")
        self.chock = _copy(self.chock_path, self.directory)

    def options(self):
        return ["--state-dir", self.space.state_root, "--runtime", self.runtime.path]

    def offer(self, directory):
        return self.recorder(os.path.join(directory, "chock-shim"), self.shim_path)

    def installed(self):
        """([the directories of an installed shim, in order], what must be empty to have none there:
        the deepest directories above these that exist)"""
        cache = Path(self.build_dir, "CMakeCache.txt").read_text(encoding="utf-8")
        prefix, libexec, programs = (
            re.search(f"^CMAKE_INSTALL_{name}:.*=(.*)$", cache, re.MULTILINE)[1]
            for name in ("PREFIX", "LIBEXECDIR", "BINDIR"))
        directories = [Path(prefix, libexec, "chock"), Path(prefix, programs)]
        above = {next(each for each in (directory, *directory.parents) if each.is_dir())
                 for directory in directories}
        outermost = [each for each in above if not above.intersection(each.parents)]
        return [str(each) for each in directories], " ".join(map(str, outermost))

    def shims_used(self):
        return [call[0] for call in self.recorded()]

    def test_beside_chock(self):
        shim = self.offer(self.directory)
        self.done(self.argv(*self.options(), chock=self.chock))
        self.assertEqual(self.shims_used(), [shim])

    def test_beside_what_a_link_points_to(self):
        shim = self.offer(self.directory)
        link = self.space.file("chock")
        os.symlink(self.chock, link)
        self.done(self.argv(*self.options(), chock=link))
        self.assertEqual(self.shims_used(), [shim])

    def test_not_in_path(self):
        """Which another user may have written to."""
        directories, above = self.installed()
        shim = self.offer(self.space.file("path"))
        self.refused([*_ON_EMPTY, above, *self.argv(*self.options(), chock=self.chock)],
                     *directories, PATH=f"{os.path.dirname(shim)}:{os.environ['PATH']}")
        self.assertEqual(self.recorded(), [])

    def test_installed(self):
        """In bin, where our packages put it; libexec, which is in nobody's PATH, comes first."""
        directories, above = self.installed()
        mine = self.offer(self.space.file("mine"))
        for there in (directories[1:], directories):
            script = "".join(f"mkdir -p {each}; cp {mine} {each}; " for each in there) + 'exec "$@"'
            self.done([*_ON_EMPTY, above, "/bin/sh", "-ec", script, "sh",
                       *self.argv(*self.options(), chock=self.chock)])
        self.assertEqual(self.shims_used(),
                         [f"{each}/chock-shim" for each in reversed(directories)])

    @only_with("runc", "none is run")
    def test_nowhere(self):
        """Said with the places that were looked at."""
        directories, above = self.installed()
        self.refused([*_ON_EMPTY, above, *self.argv(*self.options(), chock=self.chock)],
                     "chock-shim", f"neither beside chock nor in {' or '.join(directories)};",
                     "--shim")

    @only_with("runc", "none is run")
    def test_a_path_that_is_no_program(self):
        """Why it is none; of a name there is no more to say than that PATH does not have it."""
        plain = self.space.file("plain", b"")
        missing = self.space.file("missing")
        reasons = {plain: "permission denied", missing: "no such file or directory",
                   f"{plain}/x": "not a directory", "no-such-program": "not installed on system"}
        # Of a runtime in the word that the shim would have for it.
        for kind, of_directory in (("shim", "is a directory"), ("runtime", "permission denied")):
            for path, reason in (reasons | {self.directory: of_directory}).items():
                self.refused(self.argv(*self.options(), f"--{kind}", path, chock=self.chock_path),
                             f"chock: find {kind} {path}: {reason}\n")
        self.assertEqual(self.recorded(), [])

    @only_with("runc", "none is run")
    def test_a_directory_of_its_name(self):
        """Is not taken for it."""
        directories, above = self.installed()
        os.mkdir(os.path.join(self.directory, "chock-shim"))
        self.refused([*_ON_EMPTY, above, *self.argv(*self.options(), chock=self.chock)],
                     f"neither beside chock nor in {directories[0]}")

    def test_another(self):
        """Also if there is one beside chock."""
        self.offer(self.directory)
        other = self.offer(self.space.file("other"))
        self.done(self.argv(*self.options(), "--shim", other, chock=self.chock))
        self.assertEqual(self.shims_used(), [other])


class StateDirectory(Defaults):
    """Where that is shows in where the runtime is told to log."""

    def setUp(self):
        super().setUp()
        self.runtime_path = self.recorder(self.space.file("runtime"), self.runtime.path)

    def assert_used(self, root):
        logs = [call[call.index("--log") + 1] for call in self.recorded() if "--log" in call]
        self.assertEqual(logs[:1], [f"{root}/{self.id}/init/log.json"])

    def test_of_the_superuser(self):
        """Whatever XDG_RUNTIME_DIR says. /run is an empty one of this test's alone."""
        self.done([*_ON_EMPTY, "/run",
                   *self.argv("--shim", self.shim_path, "--runtime", self.runtime_path)],
                  XDG_RUNTIME_DIR=self.space.root)
        self.assert_used("/run/chock")

    def as_another_user(self):
        """(the command line, without a state directory): a container for which no privilege is
        needed, since there is nothing around its process."""
        programs = self.space.file("programs")
        quick = _copy(os.path.join(self.build_dir, "tests/support/quick_runtime"), programs)
        shim = _copy(self.shim_path, programs)
        chock = _copy(self.chock_path, programs)
        self.recorder(self.runtime_path, quick)
        bundle = self.space.bundle("x", namespaces=("pid", "user"))
        mapping = [{"containerID": 0, "hostID": _OTHER_USER, "size": 1}]
        bundle.config["linux"] |= {"uidMappings": mapping, "gidMappings": mapping}
        bundle.write()
        self.home = self.space.file("user")
        os.mkdir(self.home, 0o700)
        _give_away(self.space.root)
        return ["setpriv", f"--reuid={_OTHER_USER}", f"--regid={_OTHER_USER}", "--clear-groups",
                *self.argv("--shim", shim, "--runtime", self.runtime_path, chock=chock,
                           bundle=bundle)]

    @only_with("runc", "no real runtime is run")
    def test_of_another_user(self):
        """Made if need be, and for that user alone."""
        self.done(self.as_another_user(), XDG_RUNTIME_DIR=self.home, QUICK_INIT="exit 3")
        root = f"{self.home}/chock"
        self.assert_used(root)
        info = os.stat(root)
        self.assertEqual((info.st_uid, info.st_mode & 0o777), (_OTHER_USER, 0o700))
        self.assertNotIn(self.id, os.listdir(root))

    @only_with("runc", "no real runtime is run")
    def test_of_another_user_without_a_runtime_directory(self):
        """Rather than one that others can write to."""
        argv = self.as_another_user()
        for value in ("", "relative"):
            self.refused(argv, "XDG_RUNTIME_DIR", "--state-dir", XDG_RUNTIME_DIR=value)
        self.refused(["env", "--unset=XDG_RUNTIME_DIR", *argv], "XDG_RUNTIME_DIR", "--state-dir")


if __name__ == "__main__":
    sys.exit(main())
