# SPDX-License-Identifier: Apache-2.0
"""Taking over from a containerd 0.2 daemon, and being taken over by one.

The recipe: former_daemon.py makes the state directory as the original would have, with shims of
the original's kind (plain_shim.py) or ours, and is killed; chock-containerd starts on what is left.
The other way round harness/go_loader.py judges what chock-containerd leaves by the rules of the
original's start, and the test goes on as that daemon would."""

import os
import select
import signal
import subprocess
import sys

from harness import main
from harness.containerd import FOREVER, ContainerdCase
from harness.go_loader import load, load_events
from harness.process import Deadline, await_handler, read_line, wait_fd, wait_pidfd, wait_until

_HERE = os.path.dirname(os.path.abspath(__file__))
PLAIN_SHIM = os.path.join(_HERE, "../support/plain_shim.py")


class Takeover(ContainerdCase):

    def setUp(self):
        super().setUp()
        self.server = None

    def tearDown(self):
        if self.server:
            self.stream.cancel()
            self.assertEqual(self.server.stop(), 0)
        super().tearDown()

    def former(self, script=FOREVER, execs=(), shim=PLAIN_SHIM, number=signal.SIGKILL):
        """A container that a daemon has left which is gone: its id and its init's pid."""
        container = self.space.new_id()
        daemon = self.spawn(
            [sys.executable, "-B", os.path.join(_HERE, "former_daemon.py"), self.space.state_root,
             self.runtime.path, shim, container, self.space.shell(script).path, *execs],
            stdout=subprocess.PIPE)
        pid = int(read_line(daemon.stdout.fileno(), Deadline(what="the former daemon")))
        daemon.send_signal(number)
        daemon.wait(30)
        daemon.stdout.close()
        return container, pid

    def take_over(self):
        self.server = self.daemon()
        self.client = self.server.client()
        self.stream = self.client.events(timestamp={"nanos": 1}).subscribed()

    def ends_of(self, container):
        return [event for event in self.stream.of(container)
                if event[0] == "exit" and event[1] != "gone"]

    def read(self, container, name, process="init"):
        return (self.directory(container) / process / name).read_text(encoding="utf-8")

    def test_running_containers_go_on(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            container, pid = self.former(execs=["e"], number=number)
            self.take_over()
            info, = self.client.State().containers
            self.assertEqual((info.id, info.status, list(info.labels)), (container, "running", []))
            processes = {each.pid: each.systemPid for each in info.processes}
            self.assertEqual((processes.keys(), processes["init"]), ({"init", "e"}, pid))
            self.assertIn(pid, info.pids)
            self.client.Signal(id=container, pid="e", signal=int(signal.SIGKILL))
            self.assertEqual(self.stream.wait_exit(container, "e").status, 137)
            self.client.Signal(id=container, pid="init", signal=int(signal.SIGKILL))
            self.assertEqual(self.stream.wait_exit(container).status, 137)
            self.assertFalse(self.directory(container).exists())
            self.stream.cancel()
            self.assertEqual(self.server.stop(), 0)
            self.server = None

    def test_status_of_an_exit(self):
        """Of one that ends before we come, one that ends afterwards."""
        before, pid = self.former("trap 'exit 5' TERM; while :; do sleep 1000 & wait; done")
        after, pid_after = self.former("trap 'exit 6' TERM; while :; do sleep 1000 & wait; done")
        for number in (pid, pid_after):
            await_handler(number, signal.SIGTERM)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: self.read(before, "exitStatus") == "5"
                   if (self.directory(before) / "init/exitStatus").exists() else False,
                   "the shim does not write the status")
        self.take_over()
        self.assertEqual(self.stream.wait_exit(before).status, 5)
        os.kill(pid_after, signal.SIGTERM)
        self.assertEqual(self.stream.wait_exit(after).status, 6)
        self.assertEqual((self.ends_of(before), self.ends_of(after)),
                         ([("exit", "init", 5)], [("exit", "init", 6)]))

    def test_history_is_kept(self):
        container, _ = self.former()
        self.take_over()
        self.end(self.client, self.stream, container)
        self.assertEqual(self.stream.of(container),
                         [("start-container", "", 0), ("exit", "gone", 7), ("exit", "init", 137)])
        first = self.stream.all()[0].timestamp
        self.assertEqual((first.seconds, first.nanos), (1577927045, 500000000))

    def test_exec_with_the_recorded_shim(self):
        container, _ = self.former()
        self.take_over()
        pid = self.client.AddProcess(id=container, pid="e", cwd="/",
                                     args=["/bin/sh", "-c", "sleep 1000"]).systemPid
        # The runtime's own exec may not have left it to the shim yet.
        wait_until(lambda: "plain_shim.py" in self._command_line(self._parent(pid)),
                   "not a child of the recorded shim")
        self.end(self.client, self.stream, container)
        self.assertEqual(self.ends_of(container), [("exit", "e", 137), ("exit", "init", 137)])

    def test_exec_when_the_recorded_shim_is_gone(self):
        """Ours then, and the log says so."""
        link = self.space.file("containerd-shim")
        os.symlink(PLAIN_SHIM, link)
        container, _ = self.former(shim=link)
        os.unlink(link)
        self.take_over()
        self.client.AddProcess(id=container, pid="e", cwd="/", args=["/bin/sh", "-c", "exit 8"])
        self.assertEqual(self.stream.wait_exit(container, "e").status, 8)
        self.assertIn(f"{link}: no such file or directory, continuing with {self.shim_path}",
                      self.server.log())
        self.end(self.client, self.stream, container)

    @staticmethod
    def _command_line(pid):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as source:
                return source.read()
        except (FileNotFoundError, ProcessLookupError):
            return ""

    @staticmethod
    def _parent(pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
            return int(source.read().rpartition(")")[2].split()[1])

    def test_less_than_there_could_be(self):
        """No starttime, an empty exitStatus, no log.json, a torn last event."""
        container, pid = self.former()
        directory = self.directory(container) / "init"
        (directory / "starttime").unlink()
        (directory / "log.json").unlink(missing_ok=True)
        (directory / "exitStatus").touch()
        with open(os.path.join(self.space.state_root, "events.log"), "a", encoding="utf-8") as log:
            log.write('{"id":"x","ty')
        self.take_over()
        info, = self.client.State().containers
        self.assertEqual((info.status, info.processes[0].systemPid), ("running", pid))
        self.end(self.client, self.stream, container)
        self.assertEqual(self.ends_of(container), [("exit", "init", 137)])

    def test_shim_that_was_killed(self):
        """The process that it has left does not outlive our coming."""
        container, pid = self.former()
        os.kill(self._parent(pid), signal.SIGKILL)
        self.take_over()
        self.assertEqual(self.stream.wait_exit(container).status, 137)
        wait_pidfd(pid, Deadline(10, "the container's process to be gone"))
        self.assertNotIn(container, self.runtime.list())

    def test_process_that_is_still_draining(self):
        """It has ended, but not all that it has written was read: its exit is told, once, when it
        was."""
        size = 100000  # more than a FIFO holds, less than that and the pipe before it
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.take_over()
            out = self.space.fifo(f"out-{int(number)}")
            reader = os.open(out, os.O_RDONLY | os.O_NONBLOCK)
            container, _ = self.create(
                self.client, self.space.shell(f"head -c {size} /dev/zero; exit 4"), stdout=out)
            wait_until(lambda: (self.directory(container) / "init/exitStatus").exists(),
                       "the shim does not write the status")
            self.stream.cancel()
            self.server.child.send_signal(number)
            self.server.child.wait(60)
            self.take_over()
            info, = self.client.State().containers
            self.assertEqual((info.id, info.status), (container, "stopped"))
            self.assertTrue((self.directory(container) / "init/exitStatus").exists())
            self.assertEqual(self.ends_of(container), [])
            os.set_blocking(reader, True)
            with open(reader, "rb") as source:
                self.assertEqual(source.read(), bytes(size))
            self.assertEqual(self.stream.wait_exit(container).status, 4)
            self.assertFalse(self.directory(container).exists())
            self.stream.cancel()
            self.assertEqual(self.server.stop(), 0)
            self.take_over()
            self.assertEqual([(event.type, event.pid, event.status)
                              for event in self.client.stored(id=container)],
                             [("start-container", "", 0), ("exit", "init", 4)])
            self.stream.cancel()
            self.assertEqual(self.server.stop(), 0)
            self.server = None

    def test_our_shim_under_the_former_daemon(self):
        container, _ = self.former(execs=["e"], shim=self.shim_path)
        self.take_over()
        self.end(self.client, self.stream, container)
        self.assertEqual(self.ends_of(container), [("exit", "e", 137), ("exit", "init", 137)])

    # -- and back again -------------------------------------------------------------------------

    def left_to_the_original(self, script=FOREVER):
        """A container and an exec of ours, and no daemon any more."""
        self.take_over()
        container, _ = self.create(self.client, self.space.shell(script), labels=["<l>"])
        self.client.AddProcess(id=container, pid="e", cwd="/", args=["/bin/sleep", "1000"])
        self.client.AddProcess(id=container, pid="f", cwd="/", args=["/bin/sh", "-c", "exit 4"],
                               capabilities=["CAP_KILL"])
        self.stream.wait_exit(container, "f")
        self.stream.cancel()
        self.server.kill()
        self.server = None
        return container

    def test_back_to_the_original(self):
        container = self.left_to_the_original()
        loaded = load(self.space.state_root)
        self.assertEqual(loaded.keys(), {container})
        self.assertEqual(loaded[container]["state"]["labels"], ["<l>"])
        processes = loaded[container]["processes"]
        self.assertEqual({name: each["spec"]["exec"] for name, each in processes.items()},
                         {"init": False, "e": True})
        self.assertEqual(processes["e"]["spec"]["capabilities"], {})
        self.assertEqual([(event["type"], event.get("pid", ""), event.get("status", 0))
                          for event in load_events(self.space.state_root)],
                         [("start-container", "", 0), ("start-process", "e", 0),
                          ("start-process", "f", 0), ("exit", "f", 4)])
        # On as the original goes on: exit hangs up, exitStatus is there, delete is ours to run.
        exits = {name: os.open(self.directory(container) / name / "exit",
                               os.O_RDONLY | os.O_NONBLOCK) for name in processes}
        for name in ("e", "init"):
            wait_hangup = Deadline(what=f"the hang-up of {name}")
            os.kill(processes[name]["pid"], signal.SIGKILL)
            wait_fd(exits[name], select.POLLHUP, wait_hangup)
            self.assertEqual(self.read(container, "exitStatus", name), "137")
            os.close(exits[name])
        self.runtime.call("delete", container)
        self.assertNotIn(container, self.runtime.list())
        self.remove_directory(container)

    def test_there_and_back(self):
        """Ours, nobody's, ours: nothing is lost on the way."""
        container = self.left_to_the_original()
        load(self.space.state_root)
        self.take_over()
        self.end(self.client, self.stream, container)
        self.assertEqual(self.stream.of(container), [
            ("start-container", "", 0), ("start-process", "e", 0), ("start-process", "f", 0),
            ("exit", "f", 4), ("exit", "e", 137), ("exit", "init", 137)])


if __name__ == "__main__":
    sys.exit(main())
