# SPDX-License-Identifier: Apache-2.0
"""Runtimes that do what a runtime should not. All scripted (see tests/support/fake_runtime.py)."""

import json
import os
import signal
import sys

from harness import DEADLINE, SHARED_PID, Deadline, main, strace
from harness.process import wait_pidfd
from harness.shim_case import ShimCase, StartError, Stdio

_DELAY = 1_000_000  # microseconds, in which a process dies and is waited for


class Launch(ShimCase):

    def refused(self, script, **bundle_options):
        """A launch that fails under the scripted runtime."""
        bundle = self.space.bundle("x", **bundle_options)
        return self.failed_launch(bundle, **self.fake_runtime({"create": script}))

    def test_refuses_with_a_reason(self):
        record = json.dumps({"level": "error", "msg": 'no "such" thing'}) + "\n"
        container = self.refused({"exit": 1, "log": record})
        self.assertEqual(container.error, 'oci runtime error: no "such" thing')
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertEqual(self.errors(container.init), [])
        container.remove()

    def test_refuses_without_a_word(self):
        container = self.refused({"exit": 1})
        self.assertEqual(container.error, "container not started")
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertEqual(self.errors(container.init), [])
        container.remove()

    def test_dies_by_a_signal(self):
        container = self.refused({"signal": int(signal.SIGKILL)})
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertEqual(self.errors(container.init), [])
        container.remove()

    def test_undoes_what_it_may_have_made(self):
        """`delete` follows a failed create, but not one whose id belongs to somebody else. If the
        runtime does not say so itself, nor that it has made a process, it is asked (D6)."""
        for script, calls in (({"exit": 1}, ["create", "state", "delete"]),
                              ({"exit": 1, "init_exit": 0}, ["create", "delete"]),
                              ({"exit": 1, "init_exit": 0, "pid": None},
                               ["create", "state", "delete"])):
            self.refused(script).remove()
            self.assertEqual(self.fake_verbs()[:-1], calls)  # the last is the driver's
            os.unlink(os.path.join(self.space.file("fake"), "calls.jsonl"))
        record = json.dumps({"level": "error", "msg": "container with given ID already exists"})
        container = self.refused({"exit": 1, "log": record})
        self.assertEqual(self.fake_verbs(), ["create"])
        container.remove()

    def test_leaves_alone_what_may_be_somebody_elses(self):
        """One made of another bundle, one made before, and one of which nothing can be learnt."""
        now = "2126-01-01T00:00:00Z"
        bundle = self.space.bundle("x")
        for state in ({"status": "running", "bundle": "/tmp", "created": now},
                      {"status": "running", "bundle": bundle.path,
                       "created": "2026-01-01T00:00:00Z"},
                      {"status": "running", "bundle": bundle.path}, {"status": 1}):
            settings = self.fake_runtime({"create": {"exit": 1},
                                          "state": {"stdout": json.dumps(state)}})
            self.failed_launch(bundle, **settings).remove()
            self.assertEqual(self.fake_verbs()[:-1], ["create", "state"])
            os.unlink(os.path.join(self.space.file("fake"), "calls.jsonl"))
        settings = self.fake_runtime({"create": {"exit": 1}, "state": {"stdout": json.dumps(
            {"status": "running", "bundle": bundle.path, "created": now})}})
        self.failed_launch(bundle, **settings).remove()
        self.assertEqual(self.fake_verbs()[:-1], ["create", "state", "delete"])

    def assert_error(self, container, text):
        self.assertEqual(self.errors(container.init), [text])
        self.assertEqual(container.init.shim.returncode, 1)
        self.assertEqual(container.error, f"shim error: {text}")
        container.remove()

    def test_no_pid_file(self):
        container = self.refused({"pid": None, "init": ["true"]})
        self.assert_error(container, "open pid: no such file or directory")

    def test_garbage_for_a_pid(self):
        for text in ("abc", "", "0", "-1", "1", "4 2", "99999999999999999999", "0x10"):
            container = self.refused({"pid": text, "init": ["true"]})
            self.assert_error(container, f'strconv.Atoi: parsing "{text}": invalid syntax')

    def test_log_that_is_no_json(self):
        """Only the runtime's own failure report is lost; the launch is as refused as before."""
        container = self.refused({"exit": 1, "log": "panic: nil dereference\n\xff\x00"})
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertEqual(self.errors(container.init), [])
        container.remove()


    def test_fails_after_it_has_made_the_process(self):
        """What nobody was told of is not left running, be it init or an exec."""
        for how in ({"exit": 1}, {"signal": int(signal.SIGKILL)}):
            script = {"init": ["sleep", "1000"]} | how
            container = self.refused(script)
            self.assert_never_was(container.init)
            container.remove()
            container = self.launched(self.space.bundle("x"), start=False,
                                      **self.fake_runtime({"exec": script}))
            with self.assertRaises(StartError):
                container.exec("extra", {"args": ["x"], "cwd": "/"})
            self.assert_never_was(container.new_process("extra"))
            container.init.kill(signal.SIGKILL)
            self.assertEqual(self.finish(container), 137)

    def assert_never_was(self, process):
        self.assertEqual(self.errors(process), [])
        self.assertFalse((process.directory / "pid").exists())
        self.assertFalse((process.directory / "exitStatus").exists())
        made = int((process.directory / "runtime-pid").read_text())
        wait_pidfd(made, Deadline(what="the end of what was made"))


class Success(ShimCase):

    def runs(self, script, stdio=Stdio(), **bundle_options):
        bundle = self.space.bundle("x", **bundle_options)
        return self.launched(bundle, stdio, start=False, **self.fake_runtime({"create": script}))

    def test_newline_after_the_pid(self):
        """Runtimes in a shell script: tolerated, and not passed on. The process is a child of the
        test's, so the shim, which is not its parent, learns of its end by other means."""
        child = self.spawn(["sleep", "1000"])
        container = self.runs({"pid": f"{child.pid}\n", "init": ["true"]})
        self.assertEqual((container.init.directory / "pid").read_text(), str(child.pid))
        child.kill()
        child.wait()
        # Whose parent has waited for it may be gone without a trace but the kernel's memory.
        self.assertIn(self.finish(container), (137, 255))

    def test_is_gone_before_it_is_watched(self):
        """Somebody else's child, which dies and is waited for as soon as its pid is out."""
        if strace.STRACE is None:
            self.skipTest("strace is not installed")
        child = self.spawn(["sleep", "1000"])
        settings = self.fake_runtime({"create": {"pid": str(child.pid), "init": ["true"]}})
        settings["env"] = strace.environment(settings["env"])
        container = self.container(self.space.bundle("x"), **settings)
        process = self.spawned(container, via=[
            strace.STRACE, "-D", "-qq", "-o", self.space.file("trace"), "-e",
            "trace=renameat,renameat2", "-e",
            f"inject=renameat,renameat2:delay_exit={_DELAY}", "--"])
        process.await_pid()
        child.kill()
        child.wait()
        self.assertIn(self.finish(container), (137, 255))

    def test_ends_before_its_pid_is_known(self):
        """A zombie keeps its status until the shim knows whose it is (R-4)."""
        container = self.runs({"init_exit": 42})
        self.assertEqual(self.finish(container), 42)

    def test_pid_written_late(self):
        """The process exists, and has ended, long before create returns."""
        gate = self.space.fifo("gate")
        container = self.container(self.space.bundle("x"), **self.fake_runtime(
            {"create": {"init_exit": 7, "pid_wait": gate}}))
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"], Stdio(), False))
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        os.close(os.open(gate, os.O_WRONLY))  # waits until the runtime has come that far
        process.await_pid()
        self.assertEqual(self.finish(container), 7)

    def test_a_mebibyte_of_stderr(self):
        """It goes where the container's stderr goes, and blocks nobody."""
        err = self.space.file("err", b"")
        container = self.runs({"stderr_bytes": 1 << 20, "init_exit": 0}, Stdio(stderr=err))
        self.assertEqual(self.finish(container), 0)
        self.assertEqual(os.path.getsize(err), 1 << 20)

    def test_leaves_a_daemon_with_our_descriptors(self):
        """It has the container's streams, so these end with it, but not the exit FIFO, whose
        hang-up comes with the shim's end alone."""
        out, gate = self.output(), self.space.fifo("gate")
        container = self.runs({"daemon": gate, "init_exit": 5}, Stdio(stdout=out.path))
        self.await_status(container.init, "5")
        with self.assertRaises(TimeoutError):
            container.init.await_hangup(0.3)
        os.close(os.open(gate, os.O_WRONLY))
        self.assertEqual(self.finish(container, [out]), 5)

    def test_end_of_life_commands_fail(self):
        """`kill --all` and `delete` are best effort: the exit is announced all the same."""
        bundle = self.space.bundle("x", namespaces=SHARED_PID)
        script = {"create": {"init_exit": 9}, "kill": {"exit": 1}, "delete": {"signal": 9}}
        container = self.launched(bundle, start=False, **self.fake_runtime(script))
        container.init.await_hangup()
        self.assertEqual(self.fake_verbs(), ["create", "kill", "delete"])
        self.assertEqual(container.init.shim.wait(DEADLINE), 0)
        self.assertEqual(self.finish(container), 9)

    def test_status_before_a_slow_delete(self):
        """exitStatus is there while `delete` still runs; the hang-up comes after it."""
        here, gate = self.space.fifo("here"), self.space.fifo("gate")
        container = self.launched(self.space.bundle("x"), start=False, **self.fake_runtime(
            {"create": {"init_exit": 3}, "delete": {"notify": here, "wait": gate}}))
        os.close(os.open(here, os.O_RDONLY))
        self.assertEqual((container.init.directory / "exitStatus").read_text(), "3")
        with self.assertRaises(TimeoutError):
            container.init.await_hangup(0.1)
        self.set_fake_script({})  # for the driver's own delete, below
        os.close(os.open(gate, os.O_WRONLY))
        self.assertEqual(self.finish(container), 3)


class Console(ShimCase):
    """A terminal that does not arrive as it should."""

    def refused(self, how, init):
        bundle = self.space.bundle("x", terminal=True)
        script = {"create": {"console": how, "init": init}}
        container = self.container(bundle, **self.fake_runtime(script))
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(bundle.process, Stdio(), False))
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        self.assertEqual(process.shim.wait(DEADLINE), 1)
        self.assert_no_stray_sockets()
        process.close()
        return container

    def test_garbage(self):
        container = self.refused("garbage", ["true"])
        self.assertEqual(len(self.errors(container.init)), 1)
        self.assertIn("recvfd", self.errors(container.init)[0])
        container.remove()

    def test_not_a_terminal(self):
        container = self.refused("file", ["true"])
        self.assertIn("provided file is not a console", self.errors(container.init)[0])
        container.remove()

    def test_never(self):
        """Bounded, where the original waited for ever (D4)."""
        container = self.refused("never", ["sleep", "60"])
        self.assertEqual(len(self.errors(container.init)), 1)
        container.remove()


if __name__ == "__main__":
    sys.exit(main())
