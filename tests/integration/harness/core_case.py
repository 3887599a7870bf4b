# SPDX-License-Identifier: Apache-2.0
"""A test case for the supervisor without a front end that dies, and whose shims die, and for what
must be true of it all the same (R-10)."""

import contextlib
import json
import os
import signal
from pathlib import Path

from harness.case import Case
from harness.process import DEADLINE, Deadline, wait_pidfd, wait_until
from harness.supervise import CallError, Supervise


class CoreCase(Case):

    programs = ("chock-shim", "supervise")

    def setUp(self):
        super().setUp()
        self.settings = {}  # of every supervisor of this test
        self.id = self.space.new_id()
        self.quick_state = None  # where the quick runtime, if it is used, remembers its containers

    def supervisor(self, life="owner", **settings):
        return Supervise(self, life, **self.settings | settings)

    def use_quick_runtime(self, **environment):
        """For everything that follows; see quick_runtime.cc. It remembers its containers. Inits and
        execs run until end_init() and end_exec(), and exit with 3 and 4. (No leaks are looked for: the
        tracer that does looks like a shim, and a shim whose tracer is killed waits for ever.)"""
        self._init_end, self._exec_end = self.space.file("end-init"), self.space.file("end-exec")
        for path in (self._init_end, self._exec_end):
            if not os.path.exists(path):
                os.mkfifo(path, 0o600)
        environment = {"QUICK_INIT": f"read line < {self._init_end}; exit 3",
                       "QUICK_EXEC": f"read line < {self._exec_end}; exit 4"} | environment
        self.quick_state = self.space.file("quick")
        os.makedirs(self.quick_state, exist_ok=True)
        self.settings |= {
            "runtime": os.path.join(self.build_dir, "tests/support/quick_runtime"),
            "env": self.space.environment | {"QUICK_STATE": self.quick_state} | environment
                   | {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"}}

    def end_init(self):
        open(self._init_end, "wb").close()

    def end_exec(self):
        open(self._exec_end, "wb").close()

    def bundle(self):
        return self.space.shell("exec sleep 1000").path

    @property
    def directory(self):
        return Path(self.space.state_root) / self.id

    # -- Victims.

    def shims(self, directory=None):
        """Whoever works in a process's directory, started or not."""
        below = str(directory or self.space.state_root) + "/"
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                os.readlink(f"/proc/{name}/exe")  # who is ending loses this first, then his files
                working = os.readlink(f"/proc/{name}/cwd")
            except OSError:
                continue
            if (working + "/").startswith(below):
                found.append(int(name))
        return found

    def kill_shims(self, directory=None):
        """SIGKILL, and waits until they have gone."""
        found = self.shims(directory)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):  # a shim's runtime goes with it
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            wait_pidfd(pid, Deadline(DEADLINE, f"shim {pid} to die"))
        return len(found)

    def await_stopped(self, supervisor):
        """Until it has reached a failpoint at which it stops."""
        os.waitid(os.P_PID, supervisor.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def await_text(self, path, text):
        """Until the file is that."""
        wait_until(lambda: Path(path).read_text(encoding="utf-8") == text, f"no {text!r} in {path}")

    # -- What has happened to a container.

    def history(self, container_id=None):
        """[(type, process, status)] of the event log, whoever wrote it."""
        path = self.space.file("events.log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as lines:
            events = [json.loads(line) for line in lines]
        return [(event["type"], event.get("pid", ""), event.get("status", 0)) for event in events
                if event["id"] == (container_id or self.id)]

    def assert_invariants(self, events):
        """Of one life, which is over: no exit before its start, exactly one for each, and the
        init's after all the others."""
        started, ended = [], []
        for kind, process, _ in events:
            if kind in ("start-container", "start-process"):
                started.append(process or "init")
                self.assertNotIn("init", ended, f"a start after the init's exit: {events}")
            elif kind == "exit":
                self.assertIn(process, started, f"an exit before its start: {events}")
                self.assertNotIn("init", ended, f"an exit after the init's: {events}")
                ended.append(process)
        self.assertEqual(len(set(started)), len(started), f"two starts: {events}")
        self.assertEqual(sorted(ended), sorted(started), f"not one exit for each start: {events}")

    def assert_nothing_left(self):
        """As tearDown() does, but at once, and with what the quick runtime remembers."""
        self.assertEqual(os.listdir(self.space.state_root), [])
        for shim in self.shims():  # which has hung up, and may not have quite ended
            wait_pidfd(shim, Deadline(what="the end of a shim"))
        self.assertEqual(self.shims(), [])
        if self.quick_state:
            self.assertEqual(os.listdir(self.quick_state), [])
        else:
            self.assertNotIn(self.id, self.runtime.list())

    def await_gone(self, supervisor, process=""):
        """Until a process is gone, whatever becomes of it; one that is not there is."""
        try:
            supervisor.call("wait", id=self.id, process=process)
        except CallError as error:
            self.assertEqual(error.code, 3, error)  # ESRCH
