# SPDX-License-Identifier: Apache-2.0
"""Talks to build/.../supervise: a Supervisor without a front end, one JSON object a line."""

import itertools
import json
import os
import select
import subprocess

from harness.process import DEADLINE, Deadline


class CallError(Exception):
    """The answer to a call that failed: `detail` is the contract's text, `code` an errno."""

    def __init__(self, line):
        super().__init__(line["error"])
        self.detail, self.code = line["detail"], line["code"]


class Supervise:
    """One supervisor. `life` is owner, adopt or oneshot; see supervise.cc. Settings: program (of
    the build directory), shim, runtime, runtime_args, env, and `via`, words in front of its command
    line."""

    def __init__(self, case, life="owner", **settings):
        program = os.path.join(os.environ["CHOCK_BUILD_DIR"], settings.get("program", "supervise"))
        argv = [*settings.get("via", ()), program, life, case.space.state_root,
                settings.get("shim", case.shim_path),
                settings.get("runtime", case.runtime.path), *settings.get("runtime_args", ())]
        env = settings.get("env", case.space.environment) | {
            "SUPERVISE_LOG_DIR": case.space.files, "CHOCK_FAILPOINT": settings.get("failpoint", "")}
        self._child = case.spawn(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env,
                                 bufsize=0)
        self._numbers = itertools.count(1)
        self._buffer = b""
        self.pid = self._child.pid
        self.lines = []   # everything it has said, in order
        self._answers = {}
        if life == "adopt" and settings.get("wait_for_adoption", True):
            self.adopted = self._read_line(Deadline(what="adoption"))
            while "note" in self.adopted:
                self.adopted = self._read_line(Deadline(what="adoption"))

    def _read_line(self, deadline):
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._child.stdout], [], [], deadline.remaining)
            data = os.read(self._child.stdout.fileno(), 1 << 16) if ready else b""
            if ready and not data:
                raise EOFError(f"supervise has ended: {self._child.wait()}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        line = json.loads(line)
        self.lines.append(line)
        if "call" in line:
            self._answers[line["call"]] = line
        return line

    def wait_line(self, matches, what="a line"):
        """The first line, past or future, for which `matches` is true."""
        deadline = Deadline(what=what)
        for line in self.lines:
            if matches(line):
                return line
        while True:
            line = self._read_line(deadline)
            if matches(line):
                return line

    def send(self, method, **params):
        """Begins a call and returns its number."""
        number = next(self._numbers)
        self._say({"call": number, "method": method, "params": params})
        return number

    def gone(self, number):
        self._say({"gone": number})

    def failpoint(self, order):
        """Of supervise_failpoints: see failpoint.cc."""
        self._say({"failpoint": order})

    def _say(self, line):
        self._child.stdin.write(json.dumps(line).encode() + b"\n")
        self._child.stdin.flush()

    def result(self, number):
        self.wait_line(lambda line: line.get("call") == number, f"the answer to call {number}")
        line = self._answers[number]
        if "error" in line:
            raise CallError(line)
        return line["answer"]

    def call(self, method, **params):
        return self.result(self.send(method, **params))

    def wait_event(self, event, container_id, process=""):
        return self.wait_line(lambda line: line.get("event") == event
                              and line["id"] == container_id and line["process"] == process,
                              f"{event} of {container_id} {process}")

    def events(self, container_id):
        """[(type, process, status)] so far."""
        return [(line["event"], line["process"], line["status"]) for line in self.lines
                if "event" in line and line["id"] == container_id]

    def end(self):
        self._child.stdin.close()
        self._child.wait(30)

    def signal(self, number):
        self._child.send_signal(number)

    def kill(self):
        self._child.kill()
        return self.wait()

    def hear_to_the_end(self):
        """Everything that it has said before it died."""
        deadline = Deadline(what="the end of what it says")
        try:
            while True:
                self._read_line(deadline)
        except EOFError:
            pass

    def wait(self):
        """Its exit status, once it has ended by itself."""
        status = self._child.wait(DEADLINE)
        self._child.stdin.close()
        self._child.stdout.close()
        return status
