# SPDX-License-Identifier: Apache-2.0
"""A test case that drives the shim without chock, the way driver.py does."""

import fcntl
import json
import os
import select
import shlex
import stat
import time

from driver import INIT, Container, DirectoryWatch, StartError, Stdio, read_log
from harness.case import Case
from harness.process import Deadline, wait_fd
from harness.stdio import InputFifo, OutputFifo, collect

_SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support")
_SEPARATOR = "\x1f"


class Outcome:
    """Of a container that ran to its end."""

    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


def _switches(pid):
    """State and number of context switches of a process."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as source:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in source if ":\t" in line)
    return (status["State"][0], status["voluntary_ctxt_switches"],
            status["nonvoluntary_ctxt_switches"])


class ShimCase(Case):
    """Containers made here are the driver's; what they leave is checked as in any test."""

    programs = ("chock-shim",)

    def container(self, bundle, container_id=None, **settings):
        settings.setdefault("runtime", self.runtime.path)
        settings.setdefault("shim", self.shim_path)
        settings.setdefault("env", self.space.environment)
        return Container.create(self.space.state_root, container_id or self.space.new_id(),
                                bundle.path, **settings)

    def output(self, name="out"):
        return self._closing(OutputFifo(self.space.file(self._unused(name))))

    def input(self, name="in"):
        return self._closing(InputFifo(self.space.file(self._unused(name))))

    def _unused(self, name):
        return f"{name}-{self.space.new_id()}"

    def _closing(self, fifo):
        self._streams = getattr(self, "_streams", []) + [fifo]
        return fifo

    def tearDown(self):
        for stream in getattr(self, "_streams", []):
            stream.close()
        super().tearDown()

    def launched(self, bundle, stdio=Stdio(), start=True, extra=None, **settings):
        """A container whose init exists and, normally, runs."""
        container = self.container(bundle, **settings)
        container.launch(stdio, **(extra or {}))
        self.addCleanup(container.init.close)
        if start:
            container.start()
        return container

    def spawned(self, container, stdio=Stdio(), via=(), **extra):
        """The init of a container whose shim was only started, if need be by way of another
        program: the words of its command line in front of the shim's."""
        process = container.init = container.new_process(INIT)
        self.addCleanup(process.close)
        self.spawn_shim(container, stdio, via, **extra)
        return process

    def spawn_shim(self, container, stdio=Stdio(), via=(), **extra):
        """The same of an init that the test closes."""
        spec = container._config()["process"] | extra
        container.init.prepare(container.process_json(spec, stdio, False))
        container.init.spawn_shim([*via, container.shim, container.id, container.bundle,
                                   container.runtime], env=container.env)

    def finish(self, container, outputs=()):
        """Reads what there is to read, waits for the exit, removes the container."""
        collect(list(outputs))
        status = container.init.wait()
        container.remove()
        return status

    def await_status(self, process, text):
        """Waits for exitStatus, which may come long before the hang-up."""
        deadline = Deadline(what=f"exitStatus in {process.directory}")
        with DirectoryWatch(process.directory) as changes:
            while not (process.directory / "exitStatus").exists():
                wait_fd(changes.fileno(), select.POLLIN, deadline)
                changes.drain()
        self.assertEqual((process.directory / "exitStatus").read_text(encoding="utf-8"), text)

    def run_container(self, bundle, stdin="/dev/null", **options):
        """From the beginning to the end, with stdout and stderr on FIFOs."""
        out, err = self.output("out"), self.output("err")
        stderr = "" if bundle.process["terminal"] else err.path
        container = self.launched(bundle, Stdio(stdin, out.path, stderr), **options)
        outputs = [out] if bundle.process["terminal"] else [out, err]
        status = self.finish(container, outputs)
        return Outcome(status, out.data, err.data)

    def exec_spec(self, bundle, *args, **changes):
        """A process object for Container.exec(): the bundle's own with another command."""
        return bundle.process | {"args": list(args)} | changes

    def failed_launch(self, bundle, stdio=Stdio(), extra=None, **settings):
        """A container whose creation fails, with the shim's exit code and its log. The container's
        directory is still there; remove() takes it away."""
        container = self.container(bundle, **settings)
        with self.assertRaises(StartError) as raised:
            container.launch(stdio, **(extra or {}))
        container.error = str(raised.exception)
        return container

    def assert_sleeps(self, process, seconds=1.0):
        """The shim's context switches do not grow: nothing wakes it, and it does not even run."""
        before, same, deadline = (), 0, Deadline(what="the shim to sleep")
        while same < 5:  # half a second is longer than what it, or the kernel, may be about to finish
            self.assertGreater(deadline.remaining, 0)
            now = _switches(process.shim.pid)
            same = same + 1 if now == before and now[0] == "S" else 0
            before = now
            time.sleep(0.1)
        # The one wait for nothing in these tests: nothing is what must happen.
        with self.assertRaises(TimeoutError):
            process.await_hangup(seconds)
        self.assertEqual(_switches(process.shim.pid), before)

    def shim_log(self, process):
        """All records, after checking that every line is a JSON object on its own (R-50)."""
        path = process.directory / "shim-log.json"
        lines = path.read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        self.assertEqual(records, read_log(path))
        return records

    def errors(self, process):
        return [record["msg"] for record in self.shim_log(process) if record["level"] == "error"]

    # -- runtimes that tell what they were asked ----------------------------------------------------

    def logging_runtime(self):
        """The real runtime behind a wrapper that writes down every command line."""
        log = self.space.file("runtime-calls")
        script = "\n".join([
            "#!/bin/sh",
            f"printf '%s\\037' \"$@\" >> {shlex.quote(log)}",
            f"echo >> {shlex.quote(log)}",
            f"exec {shlex.quote(self.runtime.path)} \"$@\"", ""])
        path = self.space.file("logging-runtime", script.encode())
        os.chmod(path, 0o700)
        return path

    def logged_calls(self):
        try:
            with open(self.space.file("runtime-calls"), encoding="utf-8") as source:
                return [line.rstrip("\n").split(_SEPARATOR)[:-1] for line in source]
        except FileNotFoundError:
            return []

    def fake_runtime(self, script=None):
        """Settings for container(): a runtime that behaves as scripted (see fake_runtime.py)."""
        home = self.space.file("fake")
        os.makedirs(home, exist_ok=True)
        self.set_fake_script(script or {})
        return {"runtime": os.path.abspath(os.path.join(_SUPPORT, "fake_runtime")),
                "env": self.space.environment | {"FAKE_RUNTIME_DIR": home}}

    def set_fake_script(self, script):
        """From its next call on."""
        path = os.path.join(self.space.file("fake"), "script.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(script, out)

    def quick_runtime(self, init="exit 0", **environment):
        """Settings for container(): nothing but a process that runs a piece of shell, made in a
        millisecond (see quick_runtime.cc)."""
        return {"runtime": os.path.join(self.build_dir, "tests/support/quick_runtime"),
                "env": self.space.environment | {"QUICK_INIT": init} | environment}

    def fake_calls(self):
        """What the fake runtime was asked to do, in order."""
        try:
            with open(os.path.join(self.space.file("fake"), "calls.jsonl"),
                      encoding="utf-8") as source:
                fcntl.flock(source, fcntl.LOCK_SH)  # whoever writes a line has it
                return [json.loads(line) for line in source]
        except FileNotFoundError:
            return []

    def fake_verbs(self):
        verbs = ("create", "exec", "start", "kill", "delete", "restore", "state", "pause", "resume",
                 "update", "ps", "events", "checkpoint")
        return [next(word for word in call["argv"] if word in verbs) for call in self.fake_calls()]

    def assert_no_stray_sockets(self):
        sockets = [name for name in os.listdir(self.space.tmp)
                   if stat.S_ISDIR(os.stat(os.path.join(self.space.tmp, name)).st_mode)]
        self.assertEqual(sockets, [])


__all__ = ["Deadline", "INIT", "Outcome", "ShimCase", "StartError", "Stdio", "collect"]
