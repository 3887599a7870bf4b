# SPDX-License-Identifier: Apache-2.0
"""Memory that runs out: clients hear of it before they hear of the exit that it causes."""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

from harness import cgroups, main
from harness.bundle import GROW
from harness.ops_case import OpsCase

_MIB = 1 << 20
_OOM, _START = ("oom", "", 0), ("start-container", "", 0)


class Oom(OpsCase):

    def limited(self, script, limit=16 * _MIB):
        return self.space.shell(script).limit_memory(limit)

    def notes(self, supervisor):
        return [line["note"] for line in supervisor.lines if "note" in line]

    def test_init_dies_of_it(self):
        supervisor = self.supervisor()
        self.started(supervisor, self.limited("exec " + GROW))
        supervisor.wait_event("exit", self.id, "init")
        self.assert_events(supervisor, [_START, _OOM, ("exit", "init", 137)])
        self.assertIn("out of memory: at the container's own limit", self.notes(supervisor))
        supervisor.end()

    def test_record_of_it(self):
        """Where the directory stays, exit.json says that it was memory, and whose limit."""
        supervisor = self.supervisor()
        self.started(supervisor, self.limited("exec " + GROW), keep=True)
        supervisor.wait_event("exit", self.id, "init")
        record = json.loads((self.directory / "init" / "exit.json").read_text(encoding="utf-8"))
        self.assertEqual((record["signal"], record["oom"], record["oomLimit"]), (9, True, "own"))
        self.assertIn("rusage", record)
        supervisor.call("delete", id=self.id)
        self.started(supervisor, self.limited("exit 3"), keep=True)
        supervisor.wait_line(lambda _: len(supervisor.events(self.id)) == 5)
        record = json.loads((self.directory / "init" / "exit.json").read_text(encoding="utf-8"))
        self.assertFalse(record["oom"])
        self.assertNotIn("oomLimit", record)
        self.end(supervisor)

    def test_again_and_again(self):
        """Whichever way the events of the kernel fall, the order is the same."""
        supervisor = self.supervisor()
        bundle = self.limited("exec " + GROW)
        for _ in range(10):
            ids = [self.space.new_id() for _ in range(4)]
            for container_id in ids:
                supervisor.send("start", id=container_id, bundle=bundle.path)
            for container_id in ids:
                supervisor.wait_event("exit", container_id, "init")
                self.assertEqual(supervisor.events(container_id),
                                 [_START, _OOM, ("exit", "init", 137)])
        supervisor.end()

    def test_a_child_dies_of_it(self):
        """The container goes on, so the event is for once not followed by an exit."""
        supervisor = self.supervisor()
        self.started(supervisor, self.limited(f"{GROW}; exec sleep 1000"))
        supervisor.wait_event("oom", self.id)
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.assert_events(supervisor, [_START, _OOM, ("exit", "init", 137)])
        supervisor.end()

    def test_an_exec_dies_of_it(self):
        supervisor = self.supervisor()
        self.started(supervisor, self.limited("exec sleep 1000"))
        go = self.space.fifo("go")
        keeper = os.open(go, os.O_RDWR)  # so that stdin does not end
        supervisor.call("exec", id=self.id, process="e", stdio={"stdin": go},
                        args=["/bin/sh", "-c", "read line; exec tail /dev/zero"])
        os.write(keeper, b"\n")
        supervisor.wait_event("exit", self.id, "e")
        os.close(keeper)
        self.assert_events(supervisor, [_START, ("start-process", "e", 0), _OOM, ("exit", "e", 137)])
        self.end(supervisor)

    def test_a_killed_container_has_not_run_out_of_memory(self):
        supervisor = self.supervisor()
        self.started(supervisor, self.limited("exec sleep 1000"))
        supervisor.call("kill", id=self.id, signal=int(signal.SIGKILL))
        supervisor.wait_event("exit", self.id, "init")
        self.assert_events(supervisor, [_START, ("exit", "init", 137)])
        supervisor.end()

    @contextlib.contextmanager
    def parent_group(self, limit):
        """The name of a control group with a limit; runtimes make it for the other controllers."""
        name = self.id + "-parent"
        unified = cgroups.is_unified()
        parent = Path(cgroups.ROOT, "" if unified else "memory", name)
        parent.mkdir()
        files = ({"memory.max": limit, "memory.swap.max": 0} if unified else
                 {"memory.limit_in_bytes": limit, "memory.memsw.limit_in_bytes": limit})
        try:
            for file, value in files.items():
                parent.joinpath(file).write_text(str(value), encoding="utf-8")
            yield name
        finally:
            for group in Path(cgroups.ROOT).glob(name if unified else f"*/{name}"):
                # For crun there is no real version 2; see runtimes.py.
                if self.runtime.name != "crun" or group.parent.name != "unified":
                    group.rmdir()

    def test_limit_above_the_container(self):
        """Whose limit it was is in the log (R-55)."""
        bundle = self.limited("exec " + GROW, 512 * _MIB)
        supervisor = self.supervisor()
        with self.parent_group(16 * _MIB) as parent:
            bundle.config["linux"]["cgroupsPath"] = f"/{parent}/{self.id}"
            self.started(supervisor, bundle.write())
            supervisor.wait_event("exit", self.id, "init")
        self.assert_events(supervisor, [_START, _OOM, ("exit", "init", 137)])
        self.assertIn("out of memory: at a limit above the container's own",
                      self.notes(supervisor))
        supervisor.end()

    def test_a_neighbour_dies_of_a_limit_above_both(self):
        """The kernel announces that to both; only one has lost anybody."""
        bundle = self.limited("exec sleep 1000", 512 * _MIB)
        neighbour = self.limited("exec " + GROW, 512 * _MIB)
        other = self.space.new_id()
        supervisor = self.supervisor()
        with self.parent_group(16 * _MIB) as parent:
            for each, container_id in ((bundle, self.id), (neighbour, other)):
                each.config["linux"]["cgroupsPath"] = f"/{parent}/{container_id}"
                self.started(supervisor, each.write(), container_id)
            supervisor.wait_event("exit", other, "init")
            supervisor.call("delete", id=self.id, force=True)
            supervisor.wait_event("exit", self.id, "init")
        self.assertIn(_OOM, supervisor.events(other))
        self.assert_events(supervisor, [_START, ("exit", "init", 137)])
        supervisor.end()

    def test_adopted(self):
        """Whoever takes a container over is told as well."""
        go = self.space.fifo("go")
        first = self.supervisor()
        bundle = self.limited("read line; exec " + GROW)
        keeper = os.open(go, os.O_RDWR)  # so that stdin does not end
        self.started(first, bundle, stdio={"stdin": go})
        first.kill()
        second = self.supervisor("adopt")
        second.call("state", id=self.id)
        os.write(keeper, b"\n")
        second.wait_event("exit", self.id, "init")
        os.close(keeper)
        self.assert_events(second, [_OOM, ("exit", "init", 137)])
        second.end()

    def test_adopted_from_a_one_shot_start(self):
        """Its shim deletes the container, and so the control group, before the exit is seen."""
        go = self.space.fifo("go")
        keeper = os.open(go, os.O_RDWR)
        one_shot = self.supervisor("oneshot")
        self.started(one_shot, self.limited("read line; exec " + GROW), stdio={"stdin": go})
        one_shot.end()
        owner = self.supervisor("adopt")
        owner.call("state", id=self.id)
        os.write(keeper, b"\n")
        owner.wait_event("exit", self.id, "init")
        os.close(keeper)
        self.assert_events(owner, [_START, _OOM, ("exit", "init", 137)])
        owner.end()

    def test_descriptors(self):
        """A container's watch is one descriptor, and goes with it."""
        supervisor = self.supervisor()
        count = lambda: len(os.listdir(f"/proc/{supervisor.pid}/fd"))
        self.started(supervisor, self.limited("exec sleep 1000"))
        supervisor.call("delete", id=self.id, force=True)
        supervisor.call("list")
        before = count()
        for _ in range(3):
            supervisor.lines.clear()
            self.started(supervisor, self.limited("exec " + GROW))
            supervisor.wait_event("exit", self.id, "init")
            supervisor.call("list")
        self.assertEqual(count(), before)
        supervisor.end()


if __name__ == "__main__":
    sys.exit(main())
