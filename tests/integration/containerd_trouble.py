# SPDX-License-Identifier: Apache-2.0
"""What made the original crash, or wait for ever: here one client's trouble is answered, and is
nobody else's. And containers that come to a bad end: the order of what is told of them."""

import contextlib
import json
import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path

from harness import main
from harness.bundle import GROW, SHARED_PID
from harness.case import only_with, parametrised
from harness.containerd import FOREVER, ContainerdCase
from harness.metrics import ask, parse
from harness.process import DEADLINE, Deadline, wait_pidfd, wait_until

_SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")
_START = ("start-container", "", 0)
NO_CONTAINER = (2, "containerd: container not found")
PROMPT = 5  # seconds; whatever hangs here would do so for longer


def _parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
        return int(source.read().rpartition(")")[2].split()[1])


class TroubleCase(ContainerdCase):

    def begin(self, *flags, **options):
        self.server = self.daemon(*flags, **options)
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()

    def finish(self, *containers):
        for container in containers:
            self.end(self.client, self.stream, container)
        self.stream.cancel()
        self.assertEqual(self.server.stop(), 0)

    def fake_runtime(self):
        """Path and environment; script() says what it does from then on."""
        self.home = self.space.file("fake")
        os.mkdir(self.home)
        return os.path.join(_SUPPORT, "fake_runtime"), {"FAKE_RUNTIME_DIR": self.home}

    def script(self, **verbs):
        path = os.path.join(self.home, "script.json")
        with open(path + ".new", "w", encoding="utf-8") as out:
            json.dump(verbs, out)
        os.rename(path + ".new", path)

    def exec_into(self, container, process, *args, seconds=DEADLINE):
        return self.client.AddProcess(id=container, pid=process, cwd="/", seconds=seconds,
                                      args=args or ("/bin/sleep", "1000")).systemPid


class Wedged(TroubleCase):

    def test_more_starts_than_there_are_places(self):
        """D61: with the 21st the original did nothing else any more until one of them was done."""
        metrics = self.space.file("metrics")
        gate = self.space.fifo("gate")  # who cannot open it waits
        runtime = self.space.file("runtime", f"""#!/bin/sh
case " $* " in *" create "*) : < {gate};; esac
exec {self.runtime.path} "$@"
""".encode())
        os.chmod(runtime, 0o755)
        self.begin("--metrics-address", f"unix://{metrics}", "--start-timeout", "2m")
        other, _ = self.create(self.client, self.space.shell(FOREVER))
        bundle = self.space.shell("exec sleep 1000")
        ids = [self.space.new_id() for _ in range(30)]
        calls = [self.client.future("CreateContainer", id=each, bundlePath=bundle.path,
                                    runtime=runtime) for each in ids]
        under_way = lambda: sum((self.directory(each) / "init" / "shim.lock").exists()
                                for each in ids)
        waiting = lambda: parse(ask(metrics)[2])['chock_starts_waiting{kind="container"}']
        wait_until(lambda: (under_way(), waiting()) == (10, 20), "creates do not get under way")
        self.assertEqual(self.client.Check(seconds=PROMPT).status, 1)
        self.assertIn(other, [each.id for each in self.client.State(seconds=PROMPT).containers])
        self.exec_into(other, "e", "/bin/sh", "-c", "exit 3", seconds=PROMPT)
        self.assertEqual(self.stream.wait_exit(other, "e", PROMPT).status, 3)
        self.client.UpdateContainer(id=other, status="paused", seconds=PROMPT)
        self.client.UpdateContainer(id=other, status="running", seconds=PROMPT)
        self.client.Signal(id=other, pid="init", signal=int(signal.SIGKILL), seconds=PROMPT)
        self.stream.wait_exit(other, seconds=PROMPT)
        calls[-1].cancel()  # whose turn has not come
        self.assertEqual([call for call in calls[:-1] if call.done()], [], "all of it in time")
        opened = os.open(gate, os.O_RDWR)
        for call in calls[:-1]:
            self.assertEqual(call.result(60).container.status, "running")
        os.close(opened)
        self.assertEqual({each.id for each in self.client.State().containers}, set(ids[:-1]))
        self.assertEqual(self.stream.of(ids[-1]), [])
        self.finish(*ids[:-1])

    @only_with("runc", "the runtime is a fake one")
    def test_exec_while_start_runs(self):
        """D63: the original crashed. The exec waits for the start, whatever comes of it."""
        runtime, env = self.fake_runtime()
        here, go = self.space.fifo("here"), self.space.fifo("go")
        self.begin(runtime=runtime, env=env)
        for code in (0, 1):
            with self.subTest(exit_code_of_start=code):
                self.script(start={"notify": here, "wait": go, "exit": code})
                container = self.space.new_id()
                create = self.client.future("CreateContainer", id=container,
                                            bundlePath=self.space.bundle("x").path)
                Path(here).read_bytes()
                execs = [self.client.future("AddProcess", id=container, pid=name, cwd="/",
                                            args=["x"]) for name in ("e", "f")]
                self.assertEqual(self.client.Check(seconds=PROMPT).status, 1)
                info, = self.client.State(seconds=PROMPT).containers
                self.assertEqual(info.id, container)
                self.assertFalse(any(call.done() for call in (create, *execs)))
                self.assertFalse((self.directory(container) / "e").exists())
                Path(go).write_bytes(b"")
                if code == 0:
                    create.result(PROMPT)
                    self.assertTrue(all(call.result(PROMPT).systemPid for call in execs))
                    for name in ("e", "f", "init"):  # this runtime knows no namespaces
                        self.client.Signal(id=container, pid=name, signal=int(signal.SIGKILL))
                    self.stream.wait_exit(container)
                    events = self.stream.of(container)
                    self.assertEqual(events[0], _START)
                    self.assertEqual(Counter(events), Counter(
                        [_START, ("exit", "init", 137)] +
                        [(kind, name, status) for name in ("e", "f")
                         for kind, status in (("start-process", 0), ("exit", 137))]))
                    continue
                self.assertIn("failed with status 1", create.exception(PROMPT).details())
                for call in execs:
                    error = call.exception(PROMPT)
                    self.assertEqual((error.code().value[0], error.details()), NO_CONTAINER)
                self.assertEqual(self.stream.of(container), [])
        self.finish()

    @only_with("runc", "the runtime is a fake one")
    def test_thousands_of_exits_at_the_start(self):
        """D66: more than 2048 filled a queue that nobody emptied yet."""
        many = 2100
        options = {"runtime": self.quick_runtime,
                   "env": {"QUICK_INIT": 'read -r line; exit "$line"'}}
        self.begin(**options)
        source = self.space.fifo("in")
        keeper = os.open(source, os.O_RDWR)
        first, pid = self.create(self.client, self.space.bundle("x"), stdin=source)
        self.stream.cancel()
        self.server.kill()
        os.write(keeper, b"7\n")
        wait_pidfd(pid, Deadline(what="the process to end"))
        wait_until(lambda: (self.directory(first) / "init" / "exitStatus").exists() and
                   not self.shims(), "the shim does not end")
        os.close(keeper)
        ids = [first] + [self.space.new_id() for _ in range(many - 1)]
        for container in ids[1:]:
            shutil.copytree(self.directory(first), self.directory(container),
                            copy_function=_copy, symlinks=True)
        self.begin("--retain-count", "0", **options)
        for container in (first, ids[-1]):
            self.assertEqual(self.client.Check(seconds=PROMPT).status, 1)
        story = self.client.events(timestamp={"nanos": 1}).subscribed()
        wait_until(lambda: sum(event.type == "exit" for event in story.all()) >= many,
                   "not all of them are told", 150)
        told = Counter((event.id, event.pid, event.status) for event in story.all()
                       if event.type == "exit")
        self.assertEqual(told, Counter((container, "init", 7) for container in ids))
        self.assertEqual(len(self.client.State().containers), 0)
        self.assertEqual([each for each in ids if self.directory(each).exists()], [])
        story.cancel()
        self.finish()

    def shims(self):
        """Pids of those that this test has."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                words = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"chock-shim") and self.space.token.encode() in words[1]:
                    found.append(int(name))
        return found

    def test_pids_that_cannot_be_read(self):
        """D72: of one container; all others, and what else there is of it, are told."""
        runtime, env = self.fake_runtime()
        self.begin(env=env)
        good, pid = self.create(self.client, self.space.shell(FOREVER))
        bad, bad_pid = self.create(self.client, self.space.bundle("x"), runtime=runtime)
        for answer in ({"exit": 1, "stderr_bytes": 100}, {"stdout": "no pids"}, {"stdout": "[-1"},
                       {"signal": 9}):
            with self.subTest(answer):
                self.script(ps=answer)
                for fields in ({}, {"id": bad}):
                    infos = {each.id: each for each in
                             self.client.State(seconds=PROMPT, **fields).containers}
                    self.assertEqual(infos.keys(), {good, bad} if not fields else {bad})
                    self.assertEqual((infos[bad].status, infos[bad].processes[0].systemPid,
                                      list(infos[bad].pids)), ("running", bad_pid, []))
                    if not fields:
                        self.assertIn(pid, infos[good].pids)
        self.script()
        self.finish(good, bad)


    def test_pids_that_are_not_told(self):
        """By a runtime that hangs: whoever asks for that container waits, until it ends at last;
        nobody else does."""
        runtime, env = self.fake_runtime()
        self.begin(env=env)
        good, pid = self.create(self.client, self.space.shell(FOREVER))
        bad, _ = self.create(self.client, self.space.bundle("x"), runtime=runtime)
        here, never = self.space.fifo("here"), self.space.fifo("never")
        self.script(ps={"notify": here, "wait": never})
        pending = self.client.future("State")
        Path(here).read_bytes()
        info, = self.client.State(id=good, seconds=PROMPT).containers
        self.assertIn(pid, info.pids)
        self.exec_into(good, "e", "/bin/true", seconds=PROMPT)
        self.stream.wait_exit(good, "e", PROMPT)
        self.exec_into(bad, "e", seconds=PROMPT)
        self.client.UpdateContainer(id=bad, status="paused", seconds=PROMPT)
        self.assertFalse(pending.done())
        for name in ("e", "init"):  # this runtime knows no namespaces
            self.client.Signal(id=bad, pid=name, signal=int(signal.SIGKILL), seconds=PROMPT)
        self.stream.wait_exit(bad)
        infos = {each.id: each for each in pending.result(PROMPT).containers}
        self.assertIn(pid, infos[good].pids)
        self.assertEqual(list(infos[bad].pids), [])
        self.finish(good)


def _copy(source, target):
    """Of one file, fifos included."""
    if Path(source).is_fifo():
        os.mkfifo(target, 0o700)
    else:
        shutil.copy2(source, target)


class BadEnds(TroubleCase):

    def setUp(self):
        super().setUp()
        self.begin()

    def test_memory_that_runs_out(self):
        """`oom` comes before the exit that it causes, of the init as of an exec."""
        for _ in range(5):
            container, _ = self.create(self.client,
                                       self.space.shell(f"exec {GROW}").limit_memory(16 << 20))
            self.stream.wait_exit(container)
            self.assertEqual(self.stream.of(container),
                             [_START, ("oom", "", 0), ("exit", "init", 137)])
        container, _ = self.create(self.client,
                                   self.space.shell("exec sleep 1000").limit_memory(16 << 20))
        go = self.space.fifo("go")
        keeper = os.open(go, os.O_RDWR)  # so that stdin does not end
        self.client.AddProcess(id=container, pid="e", cwd="/", stdin=go,
                               args=["/bin/sh", "-c", "read line; exec tail /dev/zero"])
        os.write(keeper, b"\n")
        self.stream.wait_exit(container, "e")
        os.close(keeper)
        self.assertEqual(self.stream.of(container), [
            _START, ("start-process", "e", 0), ("oom", "", 0), ("exit", "e", 137)])
        self.finish(container)

    def with_execs(self, namespaces):
        bundle = self.space.shell("sleep 1001 & exec sleep 1000", namespaces=namespaces)
        container, pid = self.create(self.client, bundle)
        names = [f"e{number}" for number in range(5)]
        return container, pid, {name: self.exec_into(container, name) for name in names}

    def assert_told(self, container, execs, statuses):
        """All starts, then the execs' exits in any order, then the init's; each once."""
        self.stream.wait_exit(container)
        events = self.stream.of(container)
        starts, exits = events[:1 + len(execs)], events[1 + len(execs):]
        self.assertEqual(starts, [_START] + [("start-process", name, 0) for name in execs])
        self.assertEqual(exits[-1], ("exit", "init", 137))
        self.assertEqual(sorted(event[:2] for event in exits[:-1]),
                         [("exit", name) for name in sorted(execs)])
        self.assertLessEqual({event[2] for event in exits[:-1]}, statuses)
        self.assertFalse(self.directory(container).exists())
        self.assertNotIn(container, self.runtime.list())

    @staticmethod
    def kill(*pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # the daemon was as quick
                os.kill(pid, signal.SIGKILL)

    @parametrised({"private": (None,), "shared": (SHARED_PID,)})
    def test_shim_of_an_init_is_killed(self, namespaces):
        """And everything with it. Clients expect 255 of the execs (D79)."""
        container, pid, execs = self.with_execs(namespaces)
        self.kill(_parent(pid))
        self.assert_told(container, execs, {255})
        for each in (pid, *execs.values()):
            wait_pidfd(each, Deadline(0.1, "a process to be gone before that was told"))
        self.finish()

    @parametrised({"private": (None,), "shared": (SHARED_PID,)})
    def test_shim_and_init_are_killed(self, namespaces):
        """With the execs, or without: who is seen to be gone first is not certain, so neither are
        their statuses."""
        for everything in (False, True):
            container, pid, execs = self.with_execs(namespaces)
            rest = [_parent(each) for each in execs.values()] + list(execs.values())
            self.kill(_parent(pid), pid, *(rest if everything else ()))
            self.assert_told(container, execs, {137, 255})
            for each in (pid, *execs.values()):
                wait_pidfd(each, Deadline(0.1, "a process to be gone before that was told"))
        self.finish()

    @parametrised({"private": (None, 137), "shared": (SHARED_PID, 255)})
    def test_init_ends_and_its_shim_cannot_tell(self, namespaces, status):
        """In a pid namespace of its own the kernel ends the execs with it, and their shims tell."""
        container, pid, execs = self.with_execs(namespaces)
        shim = _parent(pid)
        os.kill(shim, signal.SIGSTOP)
        self.kill(pid)
        wait_pidfd(pid, Deadline(what="the init to die"))
        if namespaces is None:
            for name in execs:
                self.stream.wait_exit(container, name)
        self.kill(shim)
        self.assert_told(container, execs, {status})
        self.finish()

    def test_init_is_lost_while_nobody_looks(self):
        container, pid, execs = self.with_execs(None)
        self.stream.cancel()
        self.server.kill()
        self.kill(_parent(pid), pid)
        for each in (pid, *execs.values()):
            wait_pidfd(each, Deadline(what="all to die"))
        self.server = self.daemon()
        self.client = self.server.client()
        self.stream = self.client.events(timestamp={"nanos": 1}).subscribed()
        self.stream.wait_exit(container)
        exits = [event for event in self.stream.of(container) if event[0] == "exit"]
        self.assertEqual(exits[-1][1], "init")
        self.assertEqual(Counter(name for _, name, _ in exits), Counter([*execs, "init"]))
        self.assertEqual(len(self.stream.of(container)), 2 * len(exits))
        self.finish()


if __name__ == "__main__":
    sys.exit(main())
