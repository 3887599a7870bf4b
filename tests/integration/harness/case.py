# SPDX-License-Identifier: Apache-2.0
"""The test case class and the main function of every integration test file.

A file is one ctest entry per runtime: `exit_codes.py runc`. Exit status: 0 passed, 1 failed, 77
skipped; with CI or MUST_RUN in the environment a skip is a failure.
"""

import ctypes
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from harness import snapshot
from harness.process import run
from harness.runtimes import RUNTIMES
from harness.workspace import Workspace

SKIPPED = 77
_PR_SET_CHILD_SUBREAPER = 36
_BUILD_DIR = os.environ.get("CHOCK_BUILD_DIR", "")


def _is_sanitized():
    cache = Path(_BUILD_DIR, "CMakeCache.txt")
    return cache.exists() and "-fsanitize=" in cache.read_text(encoding="utf-8")


# Such a build has a margin round whatever is allocated.
SANITIZED = _is_sanitized()
# ASAN_OPTIONS for a program whose memory is looked at: what it has freed is not kept.
NO_QUARANTINE = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
# How long processes that have announced their end may take to be gone.
_SETTLING = 5.0


class Case(unittest.TestCase):
    """One behaviour. Each test gets a workspace, and fails if it leaves anything of it behind."""

    programs = ("chock", "chock-shim")  # what its tests need of the build directory
    build_dir = _BUILD_DIR
    runtime = None  # set by main()
    results = None  # of the suite that runs
    maxDiff = None

    def run(self, result=None):
        Case.results = result
        return super().run(result)

    def setUp(self):
        self.space = Workspace()
        self.addCleanup(self.space.destroy)
        self._children = []
        self._before = snapshot.take(self.space)

    def tearDown(self):
        for child in self._children:
            _close_streams(child)
            child.poll()
        self.space.release_disks()
        snapshot.settle(self.space, _SETTLING)
        left = snapshot.take(self.space) - self._before
        if left:
            self.fail("left behind:\n  " + "\n  ".join(sorted(left)))

    @property
    def chock_path(self):
        return os.path.join(_BUILD_DIR, "chock")

    @property
    def shim_path(self):
        return os.path.join(_BUILD_DIR, "chock-shim")

    def chock_argv(self, verb, *arguments):
        """A command line of chock that uses the workspace, unless the arguments say otherwise."""
        ours = {"--state-dir": self.space.state_root, "--shim": self.shim_path,
                "--runtime": self.runtime.path}
        options = [word for option, value in ours.items() if option not in arguments
                   for word in (option, value)]
        return [self.chock_path, verb, *options, *arguments]

    def run_argv(self, bundle, container_id=None, options=()):
        path = getattr(bundle, "path", bundle)
        return self.chock_argv("run", *options, "-b", path, container_id or self.space.new_id())

    def chock_run(self, bundle, container_id=None, options=(), stdin=b""):
        """Runs a container in the foreground, to its end."""
        return run(self.run_argv(bundle, container_id, options), stdin=stdin,
                   env=self.space.environment)

    def spawn(self, argv, **options):
        """A child that the test talks to; one that outlives its test is a leak, and killed."""
        options.setdefault("env", self.space.environment)
        options.setdefault("stdin", subprocess.DEVNULL)
        child = subprocess.Popen(argv, **options)
        self._children.append(child)
        return child


def _close_streams(child):
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def only_with(runtime_name, reason):
    """Leaves a test out of the suite of every other runtime, where it would add nothing but time."""
    return _leave_out(lambda runtime: runtime.name != runtime_name, reason)


def not_sanitized(reason):
    """Leaves a test out of a sanitized build's suite, where it would be the sanitizer's."""
    return _leave_out(lambda _runtime: SANITIZED, reason)


def _leave_out(condition, reason):
    def decorate(method):
        method.left_out = condition, reason
        return method
    return decorate


def parametrised(values):
    """Turns one test method into as many as there are values: `{name: arguments}`."""
    def decorate(method):
        method.parameters = values
        return method
    return decorate


def _remove_left_out(case, runtime):
    """Takes the tests away that are not for this run, so that none counts that does nothing. What
    they are and why is said, on stderr."""
    for name, method in list(vars(case).items()):
        condition, reason = getattr(method, "left_out", (None, ""))
        if condition is not None and condition(runtime):
            print(f"left out: {case.__name__}.{name}: {reason}", file=sys.stderr)
            delattr(case, name)


def _expand(case):
    """Replaces each parametrised method of a class by one method a value."""
    for name, method in list(vars(case).items()):
        for suffix, arguments in getattr(method, "parameters", {}).items():
            def test(self, method=method, arguments=arguments):
                method(self, *arguments)
            setattr(case, f"{name}_{suffix}", test)
        if hasattr(method, "parameters"):
            delattr(case, name)


class _Interrupted(BaseException):
    pass


def _interrupt(number, _frame):
    if Case.results is not None:
        Case.results.stop()
    signal.alarm(20)  # should the clean-up hang as well
    raise _Interrupted(f"stopped by {signal.Signals(number).name}")


def _skip(reason):
    must_run = os.environ.get("MUST_RUN") or os.environ.get("CI")
    print(f"{'failed' if must_run else 'skipped'}: {reason}", file=sys.stderr)
    return 1 if must_run else SKIPPED


def _impediment(runtime, cases):
    wanted = {name for case in cases for name in case.programs}
    missing = sorted(name for name in wanted
                     if not os.access(os.path.join(_BUILD_DIR, name), os.X_OK))
    if missing:
        return f"no {' and no '.join(missing)} in CHOCK_BUILD_DIR ('{_BUILD_DIR}')"
    return runtime.prepare()


def _adopt_orphans():
    """Forks: the child returns and runs the tests, the parent only does what a good pid 1 does for
    orphans, waiting for them. Without that a zombie in a pid namespace keeps the namespace's first
    process, and so a container, from ending (pid_namespaces(7))."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    tests = os.fork()
    if tests == 0:
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: os.kill(tests, number))
    status = 1
    while True:
        try:
            pid, wait_status = os.wait()
        except ChildProcessError:
            os._exit(status)
        if pid == tests:
            status = 1 if os.WIFSIGNALED(wait_status) else os.WEXITSTATUS(wait_status)


def main():
    """`FILE RUNTIME [TEST...]`. CHOCK_BUILD_DIR says where chock and chock-shim are, and
    CHOCK_TEST_SECONDS after how long to give up (and still to clean up)."""
    runtime = RUNTIMES[sys.argv[1] if len(sys.argv) > 1 else "runc"]
    module = sys.modules["__main__"]
    cases = [case for case in vars(module).values()
             if isinstance(case, type) and issubclass(case, Case) and case.__module__ == "__main__"]
    _adopt_orphans()
    reason = _impediment(runtime, cases)
    if reason:
        return _skip(reason)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, _interrupt)
    signal.alarm(int(os.environ.get("CHOCK_TEST_SECONDS", "0")))

    Case.runtime = runtime
    for case in cases:
        _remove_left_out(case, runtime)
        _expand(case)
    loader = unittest.defaultTestLoader
    names = sys.argv[2:]
    suite = loader.loadTestsFromNames(names, module) if names else \
        loader.loadTestsFromModule(module)
    if suite.countTestCases() == 0:
        print(f"failed: no test is left for {runtime.name}", file=sys.stderr)
        return 1
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if result.skipped and result.wasSuccessful():
        return _skip("; ".join(sorted({reason for _, reason in result.skipped})))
    return 0 if result.wasSuccessful() else 1
