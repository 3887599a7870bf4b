# SPDX-License-Identifier: Apache-2.0
"""Taking over what others have left: trees as a containerd 0.2 daemon and its shims write them, our
own as that daemon would read them, and a thousand containers at once."""

import json
import os
import shutil
import signal
import sys
import time

from driver import Container
from harness import main
from harness.case import parametrised
from harness.containerd_loader import load
from harness.core_case import CoreCase
from harness.process import DEADLINE

_CONTAINERS = int(os.environ.get("CHOCK_RESTORE_CONTAINERS", "100"))
_ODD = 10  # of each kind among them


def _capabilities_as_a_list(process):
    """As the specification had it before 1.0, and Docker 17.05 wrote it."""
    path = process.directory / "process.json"
    spec = json.loads(path.read_text(encoding="utf-8"))
    spec["capabilities"] = ["CAP_KILL"]
    path.write_text(json.dumps(spec) + "\n", encoding="utf-8")


def _upper_case_keys(process):
    """Go matches keys in any case."""
    path = process.directory / "process.json"
    spec = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({key.upper(): value for key, value in spec.items()}),
                    encoding="utf-8")


def _remove(name):
    return lambda process: (process.directory / name).unlink()


def _write(name, text):
    return lambda process: (process.directory / name).write_text(text, encoding="utf-8")


# What may differ in a tree of the Go daemon's while the container runs (compat: 1, 2 and 11).
_VARIANTS = {
    "plain": lambda process: None,
    "no_starttime": _remove("starttime"),
    "empty_starttime": _write("starttime", ""),
    "empty_exit_status": _write("exitStatus", ""),
    "no_log": _remove("log.json"),
    "no_shim_log": _remove("shim-log.json"),
    "no_control": _remove("control"),
    "capabilities_list": _capabilities_as_a_list,
    "upper_case": _upper_case_keys,
}


class Restore(CoreCase):

    def setUp(self):
        super().setUp()
        self.use_quick_runtime()

    def driven(self):
        """A container that runs, with the files of a Go daemon: the driver writes null labels and
        no file of ours. The shim, told nothing else, is not sealed."""
        container = Container.create(
            self.space.state_root, self.id, self.bundle(), runtime=self.settings["runtime"],
            shim=self.shim_path, env=self.settings["env"])
        container.launch()
        container.start()
        container.init.close()
        return container

    def finish(self, supervisor, *events):
        self.assertEqual([event for event in self.history() if event[0] == "exit"], list(events))
        supervisor.end()
        self.assert_invariants(self.history())
        self.assert_nothing_left()

    # -- Theirs.

    @parametrised({name: (change,) for name, change in _VARIANTS.items()})
    def test_container_of_a_containerd_daemon(self, change):
        container = self.driven()
        change(container.init)
        supervisor = self.supervisor("adopt")
        self.assertEqual(supervisor.adopted, {"adopted": 1, "broken": 0})
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        exec_id = supervisor.call("exec", id=self.id, args=["x"])["process"]
        self.end_exec()
        supervisor.wait_event("exit", self.id, exec_id)
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        self.finish(supervisor, ("exit", exec_id, 4), ("exit", "init", 3))
        container.init.shim.wait(DEADLINE)

    def test_ended_while_nobody_was_there(self):
        container = self.driven()
        self.end_init()
        container.init.shim.wait(DEADLINE)
        supervisor = self.supervisor("adopt")
        supervisor.wait_event("exit", self.id, "init")
        self.finish(supervisor, ("exit", "init", 3))

    def test_half_made_exec_goes(self):
        """A daemon that died between mkdir and the pid leaves its id unusable (D52)."""
        container = self.driven()
        half = container.new_process("half")
        half.prepare({"exec": True, "user": {"uid": 0, "gid": 0}, "args": ["x"], "cwd": "/"})
        half.close()
        supervisor = self.supervisor("adopt")
        self.await_gone(supervisor, "half")
        self.assertFalse(half.directory.exists())
        supervisor.call("exec", id=self.id, process="half", args=["x"])
        self.end_exec()
        supervisor.wait_event("exit", self.id, "half")
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        container.init.shim.wait(DEADLINE)
        self.finish(supervisor, ("exit", "half", 4), ("exit", "init", 3))

    def test_unreadable_exec_costs_nobody_else(self):
        """The Go daemon would have given up, and deleted, the whole container (D41)."""
        container = self.driven()
        bad = container.directory / "bad"
        bad.mkdir()
        (bad / "pid").mkdir()
        supervisor = self.supervisor("adopt")
        self.assertEqual(supervisor.adopted, {"adopted": 1, "broken": 0})
        self.assertTrue(bad.exists())
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        self.finish(supervisor, ("exit", "init", 3))
        container.init.shim.wait(DEADLINE)

    def test_container_without_a_process_goes(self):
        os.mkdir(self.directory)
        (self.directory / "state.json").write_text(
            '{"bundle":"/b","labels":null,"runtime":"runc","runtimeArgs":null}\n', encoding="utf-8")
        self.supervisor("adopt").end()
        self.assert_nothing_left()

    # -- Ours.

    def test_directory_is_one_that_a_containerd_daemon_adopts(self):
        """While it runs, with an exec, and with the log, the lock and what else there is."""
        supervisor = self.supervisor()
        pid = supervisor.call("start", id=self.id, bundle=self.bundle(), labels=["a=b"])["pid"]
        exec_pid = supervisor.call("exec", id=self.id, process="e", args=["x"])["pid"]
        loaded = load(self.space.state_root)[self.id]
        self.assertEqual(loaded["state"]["labels"], ["a=b"])
        self.assertEqual({name: process["pid"] for name, process in loaded["processes"].items()},
                         {"init": pid, "e": exec_pid})
        for process in loaded["processes"].values():
            with open(f"/proc/{process['pid']}/stat", encoding="utf-8") as source:
                fields = source.read().rpartition(")")[2].split()
            self.assertEqual(str(process["starttime"]), fields[22 - 3])
            self.assertNotEqual(fields[1], "1")  # that would be an orphan, and killed
            self.assertIsNone(process["status"])
        self.end_exec()
        supervisor.wait_event("exit", self.id, "e")
        self.end_init()
        supervisor.wait_event("exit", self.id, "init")
        self.finish(supervisor, ("exit", "e", 4), ("exit", "init", 3))

    # -- Many.

    def copies(self, container, count):
        """Containers that all have the same process and, each, a directory and an open exit FIFO:
        what adopting costs does not depend on who is at the other end."""
        writers = []
        for number in range(count):
            path = container.directory.parent / f"{self.space.token}-copy-{number}"
            init = path / "init"
            init.mkdir(parents=True)
            for name in ("state.json", "init/process.json", "init/pid", "init/starttime",
                         "init/log.json", "init/shim-log.json"):
                shutil.copy(container.directory / name, path / name)
            for name in ("exit", "control"):
                os.mkfifo(init / name)
            writers.append(os.open(init / "exit", os.O_RDWR))
        return writers

    def test_many(self):
        """Corrupt directories, stopped shims and dead ones among them: the rest does not wait. How
        long it takes is printed, and judged by the benchmarks."""
        container = self.driven()
        writers = self.copies(container, _CONTAINERS)
        others = []
        supervisor = self.supervisor()
        for _ in range(2 * _ODD):
            others.append(self.space.new_id())
            supervisor.call("start", id=others[-1], bundle=self.bundle())
        supervisor.kill()
        stopped = [shim for other in others[:_ODD]
                   for shim in self.shims(self.directory.parent / other)]
        for shim in stopped:
            os.kill(shim, signal.SIGSTOP)
        for other in others[_ODD:]:
            self.kill_shims(self.directory.parent / other)
        for number in range(_ODD):
            bad = self.directory.parent / f"{self.space.token}-bad-{number}" / "init"
            bad.mkdir(parents=True)
            (bad.parent / "state.json").write_text("{", encoding="utf-8")
        begin = time.monotonic()
        supervisor = self.supervisor("adopt")
        took = time.monotonic() - begin
        with open(f"/proc/{supervisor.pid}/stat", encoding="utf-8") as source:
            ticks = sum(map(int, source.read().rpartition(")")[2].split()[11:13]))
        print(f"{_CONTAINERS + 2 * _ODD + 1} containers adopted {took * 1000:.0f} ms after the "
              f"supervisor's start, of which {ticks * 1000 // os.sysconf('SC_CLK_TCK')} ms on a "
              "processor", file=sys.stderr)
        self.assertEqual(supervisor.adopted,
                         {"adopted": _CONTAINERS + 2 * _ODD + 1, "broken": _ODD})
        for other in others[_ODD:]:
            supervisor.wait_event("exit", other, "init")
        for shim in stopped:
            os.kill(shim, signal.SIGCONT)
        for other in others[:_ODD]:
            supervisor.call("delete", id=other, force=True)
        self.end_init()
        for number, writer in enumerate(writers):
            status = self.directory.parent / f"{self.space.token}-copy-{number}" / "init/exitStatus"
            status.write_text("3", encoding="utf-8")
            os.close(writer)
        for number in range(_CONTAINERS):
            supervisor.wait_event("exit", f"{self.space.token}-copy-{number}", "init")
        supervisor.wait_event("exit", self.id, "init")
        for number in range(_ODD):
            supervisor.call("delete", id=f"{self.space.token}-bad-{number}", force=True)
        supervisor.end()
        container.init.shim.wait(DEADLINE)
        self.assert_nothing_left()


if __name__ == "__main__":
    sys.exit(main())
