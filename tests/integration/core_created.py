# SPDX-License-Identifier: Apache-2.0
"""A supervisor that is killed between a real runtime's `create` and its `start`: nobody was told of
the container and nobody will start it, so the next supervisor undoes it, in the runtime too. One
that was started a moment before goes on."""

import os
import signal
import sys

from harness import main
from harness.bundle import SHARED_PID
from harness.case import parametrised
from harness.core_case import CoreCase

_UNDONE = "created but never started: undone"
# With a private pid namespace the shim has nothing to delete, else it has.
_NAMESPACES = {"private": None, "shared": SHARED_PID}


class Created(CoreCase):

    programs = ("chock-shim", "supervise", "supervise_failpoints")

    def leave(self, step, namespaces=None, status="created"):
        """A container whose supervisor has been killed at this step; its init's pid."""
        bundle = self.space.shell("echo ran >> /etc/ran; exec sleep 1000", namespaces=namespaces)
        bundle.config["mounts"].append({"destination": "/etc", "type": "bind",
                                        "source": self.space.files, "options": ["bind"]})
        bundle.write()
        supervisor = self.supervisor(program="supervise_failpoints")
        supervisor.failpoint(f"{step}=kill")
        supervisor.send("start", id=self.id, bundle=bundle.path)
        self.assertEqual(supervisor.wait(), -signal.SIGKILL)
        state = self.runtime.state(self.id)
        self.assertEqual(state["status"], status)
        self.assertIn(self.id, self.runtime.list())
        return state["pid"]

    def status(self):
        """Of the container and of its init, as somebody sees it who only looks."""
        observer = self.supervisor("oneshot")
        info = observer.call("state", id=self.id)
        listed, = observer.call("list")["containers"]
        observer.end()
        self.assertEqual(listed, info)
        return info["status"], info["processes"][0]["status"]

    def adopt(self):
        supervisor = self.supervisor("adopt")
        self.assertEqual(supervisor.adopted, {"adopted": 1, "broken": 0})
        return supervisor

    def notes(self, supervisor):
        return [line["note"] for line in supervisor.lines if "note" in line]

    def finish(self, supervisor):
        supervisor.end()
        self.assert_invariants(self.history())
        self.assert_nothing_left()

    @parametrised({f"{step}_{name}".replace("-", "_"): (step, namespaces)
                   for step in ("pid-seen", "identified")
                   for name, namespaces in _NAMESPACES.items()})
    def test_undone(self, step, namespaces):
        pid = self.leave(step, namespaces)
        self.assertEqual(self.status(), ("created", "created"))
        supervisor = self.adopt()
        self.await_gone(supervisor)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(self.notes(supervisor), [_UNDONE])
        self.assertEqual(self.history(), [])
        self.assertFalse(os.path.exists(self.space.file("ran")))
        self.finish(supervisor)

    def test_undone_below_a_script(self):
        """Which bears another name than what it leaves behind."""
        script = self.space.file("script", f'#!/bin/sh\nexec {self.runtime.path} "$@"\n'.encode())
        os.chmod(script, 0o700)
        self.settings["runtime"] = script
        self.leave("identified")
        self.assertEqual(self.status(), ("created", "created"))
        supervisor = self.adopt()
        self.await_gone(supervisor)
        self.assertEqual(self.notes(supervisor), [_UNDONE])
        self.finish(supervisor)

    def test_id_can_be_used_again(self):
        self.leave("identified")
        supervisor = self.adopt()
        self.await_gone(supervisor)
        supervisor.call("start", id=self.id, bundle=self.space.shell("exit 3").path)
        supervisor.wait_event("exit", self.id, "init")
        self.assertEqual(self.history(), [("start-container", "", 0), ("exit", "init", 3)])
        self.finish(supervisor)

    def test_started_goes_on(self):
        """And its start is told, once."""
        self.leave("started", status="running")
        self.assertEqual(self.status(), ("running", "running"))
        supervisor = self.adopt()
        self.assertEqual(supervisor.call("state", id=self.id)["status"], "running")
        self.assertEqual(self.history(), [("start-container", "", 0)])
        self.assertEqual(self.notes(supervisor), [])
        supervisor.call("delete", id=self.id, force=True)
        self.assertEqual(self.history()[1:], [("exit", "init", 137)])
        self.finish(supervisor)

    def test_program_of_the_runtimes_name(self):
        """It runs, whatever it is called."""
        program = f"/bin/{self.runtime.name}"
        with open(self.space.rootfs + program, "w", encoding="utf-8") as script:
            script.write("#!/bin/sh\nwhile :; do sleep 1000; done\n")
        os.chmod(self.space.rootfs + program, 0o755)
        supervisor = self.supervisor()
        pid = supervisor.call("start", id=self.id, bundle=self.space.bundle(program).path)["pid"]
        with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
            self.assertIn(self.runtime.name, comm.read())
        self.assertEqual(self.status(), ("running", "running"))
        supervisor.end()
        supervisor = self.adopt()
        self.assertEqual(self.status(), ("running", "running"))
        self.assertEqual(self.notes(supervisor), [])
        supervisor.call("delete", id=self.id, force=True)
        self.finish(supervisor)


if __name__ == "__main__":
    sys.exit(main())
