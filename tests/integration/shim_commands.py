# SPDX-License-Identifier: Apache-2.0
"""The runtime's command lines, word for word: wrappers that log or match them depend on it."""

import signal
import sys

from harness import SHARED_PID, main
from harness.shim_case import ShimCase, Stdio



class CommandLines(ShimCase):

    def log_options(self, process):
        return ["--log", f"{process.directory}/log.json", "--log-format", "json"]

    def create_line(self, container, extra=()):
        """--pid-file is a private name: the shim publishes `pid` itself, once all is well."""
        return [*self.log_options(container.init), *container.runtime_args, "create", "--bundle",
                container.bundle, *extra, "--pid-file", f"{container.init.directory}/runtime-pid",
                container.id]

    def test_private_pid_namespace(self):
        """create, the driver's start, delete. No `kill --all`: the kernel has killed them all."""
        container = self.launched(self.space.bundle("/bin/true"), runtime=self.logging_runtime())
        container.init.await_hangup()
        self.assertEqual(self.logged_calls(), [
            self.create_line(container), ["start", container.id], ["delete", container.id]])
        self.finish(container)

    def test_shared_pid_namespace(self):
        """Survivors are killed before the container is deleted."""
        container = self.launched(self.space.bundle("/bin/true", namespaces=SHARED_PID),
                                  runtime=self.logging_runtime())
        container.init.await_hangup()
        self.assertEqual(self.logged_calls(), [
            self.create_line(container), ["start", container.id],
            ["kill", "--all", container.id, "SIGKILL"], ["delete", container.id]])
        self.finish(container)

    def test_runtime_args(self):
        """Between the log options and the verb, so that they may override those."""
        arguments = ["--root", f"/run/{self.runtime.name}", "--systemd-cgroup=false"]
        if self.runtime.name == "crun":
            arguments = arguments[:2]
        container = self.launched(self.space.bundle("/bin/true"), runtime=self.logging_runtime(),
                                  runtime_args=arguments)
        container.init.await_hangup()
        self.assertEqual(self.logged_calls(), [
            self.create_line(container), [*arguments, "start", container.id],
            [*arguments, "delete", container.id]])
        self.finish(container)

    def test_no_pivot(self):
        """A flag of create."""
        container = self.launched(self.space.bundle("/bin/true"), runtime=self.logging_runtime(),
                                  start=False)
        container.init.kill(signal.SIGKILL)
        container.init.await_hangup()
        self.assertNotIn("--no-pivot", self.logged_calls()[0])
        self.finish(container)
        no_pivot = self.container(self.space.bundle("/bin/true"), **self.fake_runtime(
            {"create": {"init_exit": 0}}))
        process = no_pivot.init = no_pivot.new_process("init")
        settings = no_pivot.process_json(no_pivot._config()["process"], Stdio(), False)
        process.prepare(settings | {"noPivotRoot": True})
        process.spawn_shim([no_pivot.shim, no_pivot.id, no_pivot.bundle, no_pivot.runtime],
                           env=no_pivot.env)
        process.wait()
        self.assertEqual(self.fake_calls()[0]["argv"],
                         self.create_line(no_pivot, extra=["--no-pivot"]))
        no_pivot.remove()

    def test_exec(self):
        """exec -d, and nothing at its end: the container lives on."""
        out = self.output()
        bundle = self.space.shell("echo up; exec sleep 1000")
        container = self.launched(bundle, Stdio(stdout=out.path), runtime=self.logging_runtime())
        out.read_until(b"up")
        process = container.exec("extra", self.exec_spec(bundle, "/bin/sh", "-c", "exit 9"))
        self.assertEqual(process.wait(), 9)
        self.assertEqual(self.logged_calls()[2:], [
            [*self.log_options(process), "exec", "-d", "--process",
             f"{process.directory}/process.json", "--pid-file",
             f"{process.directory}/runtime-pid", container.id]])
        container.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_terminal(self):
        """--console-socket, below TMPDIR, and gone once the terminal has arrived."""
        out = self.output()
        bundle = self.space.shell("exit 2", terminal=True)
        container = self.launched(bundle, Stdio(stdout=out.path), runtime=self.logging_runtime())
        container.init.await_hangup()
        create = self.logged_calls()[0]
        socket = create[create.index("--console-socket") + 1]
        self.assertEqual(create, self.create_line(container, ["--console-socket", socket]))
        self.assertTrue(socket.startswith(self.space.tmp), socket)
        self.assert_no_stray_sockets()
        self.assertEqual(self.finish(container, [out]), 2)


class Surroundings(ShimCase):
    """What the runtime inherits, seen by one that writes it down."""

    def calls(self):
        container = self.launched(self.space.bundle("x", namespaces=SHARED_PID), start=False,
                                  **self.fake_runtime({"create": {"init_exit": 3}}))
        container.init.await_hangup()
        shim = container.init.shim
        self.assertEqual(self.finish(container), 3)
        calls = {verb: call for verb, call in zip(self.fake_verbs(), self.fake_calls())}
        return container, shim, calls

    def test_directories(self):
        """create runs in the bundle, the rest in the process directory."""
        container, _, calls = self.calls()
        self.assertEqual(calls["create"]["cwd"], container.bundle)
        self.assertEqual(calls["kill"]["cwd"], str(container.init.directory))

    def test_descriptors(self):
        """Exactly stdin, stdout and stderr: pipes for create, /dev/null for the end of life."""
        _, _, calls = self.calls()
        self.assertEqual(sorted(calls["create"]["fds"]), ["0", "1", "2"])
        for target in calls["create"]["fds"].values():
            self.assertTrue(target.startswith("pipe:"), target)
        self.assertEqual(sorted(calls["kill"]["fds"]), ["0", "1", "2"])
        self.assertEqual(calls["kill"]["fds"]["0"], "/dev/null")

    def test_descriptors_on_a_terminal(self):
        """/dev/null for create, which has to connect its own (D7); and at the end of life neither
        the master nor the socket is among what is inherited (D8)."""
        bundle = self.space.bundle("x", terminal=True, namespaces=SHARED_PID)
        container = self.launched(bundle, start=False, **self.fake_runtime(
            {"create": {"console": "pty", "init": ["true"]}}))
        self.finish(container)
        self.assertEqual(self.fake_verbs()[:3], ["create", "kill", "delete"])
        for call in self.fake_calls()[:3]:
            errors = "/memfd:errors (deleted)" if "create" in call["argv"] else "/dev/null"
            self.assertEqual(call["fds"], {"0": "/dev/null", "1": "/dev/null", "2": errors},
                             call["argv"])

    def test_signals(self):
        """Nothing blocked, nothing ignored, whatever the shim does itself."""
        _, _, calls = self.calls()
        for verb in ("create", "kill"):
            self.assertEqual(calls[verb]["signals"],
                             ["SigBlk:" + "0" * 16, "SigIgn:" + "0" * 16], verb)

    def test_process_group_and_parent_death(self):
        """In the shim's process group, and not without it."""
        _, shim, calls = self.calls()
        for verb in ("create", "kill"):
            self.assertEqual(calls[verb]["pgid"], shim.pid)
            self.assertEqual(calls[verb]["ppid"], shim.pid)
            self.assertEqual(calls[verb]["death_signal"], signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
