# SPDX-License-Identifier: Apache-2.0
"""What a shim says, and to whom, when the process cannot be made. An error of its own is in
shim-log.json before `exit` hangs up, with exit code 1; a runtime's refusal is the runtime's to
explain, and then the shim logs no error and exits with 0."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from harness import DEADLINE, main, strace
from harness.shim_case import ShimCase, Stdio


class Failures(ShimCase):

    def assert_shim_error(self, container, *texts):
        """Logged as valid JSON, exactly once, and reported through the driver."""
        process = container.init
        self.assertEqual(process.shim.returncode, 1)
        errors = self.errors(process)
        self.assertEqual(len(errors), 1, errors)
        for text in texts:
            self.assertIn(text, errors[0])
        self.assertEqual(container.error, f"shim error: {errors[0]}")
        self.assertFalse((process.directory / "pid").exists())
        self.assertFalse((process.directory / "exitStatus").exists())
        self.assert_no_stray_sockets()
        container.remove()

    # -- the runtime cannot be started --------------------------------------------------------------

    def test_runtime_not_in_path(self):
        container = self.failed_launch(self.space.bundle("x"), runtime="no-such-runtime")
        container.runtime = self.runtime.path  # for remove()
        self.assertEqual(self.errors(container.init), ["no-such-runtime not installed on system"])
        self.assert_shim_error(container)

    def test_runtime_path_does_not_exist(self):
        container = self.failed_launch(self.space.bundle("x"), runtime="/no/such/runtime")
        container.runtime = self.runtime.path
        self.assert_shim_error(container, "/no/such/runtime", "no such file or directory")

    def test_runtime_is_not_executable(self):
        container = self.failed_launch(self.space.bundle("x"),
                                       runtime=self.space.file("plain", b"text"))
        container.runtime = self.runtime.path
        self.assert_shim_error(container, "permission denied")

    def test_bundle_does_not_exist(self):
        bundle = self.space.bundle("x")
        container = self.container(bundle)
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"], Stdio(), False))
        process.spawn_shim([container.shim, container.id, "/no/such/bundle", container.runtime])
        self.assertEqual(process.shim.wait(DEADLINE), 1)
        process.close()
        self.assertIn("no such file or directory", self.errors(process)[0])
        container.remove()

    # -- the runtime refuses ------------------------------------------------------------------------

    def assert_runtime_refused(self, container, text):
        """The shim has no error to report, so that the runtime's own counts."""
        process = container.init
        self.assertEqual(process.shim.returncode, 0)
        self.assertEqual(self.errors(process), [])
        self.assertIn("oci runtime error: ", container.error)
        self.assertIn(text, container.error)
        self.assertFalse((process.directory / "exitStatus").exists())
        self.assertIsNone(self.runtime.state(container.id))
        container.remove()

    def test_command_not_found(self):
        """Some runtimes refuse at create, some only at start: ours to wait for either."""
        container = self.container(self.space.bundle("/bin/no-such-command"))
        try:
            container.launch()
        except Exception as refusal:
            container.error = str(refusal)
            self.assert_runtime_refused(container, "no-such-command")
            return
        with self.assertRaises(Exception) as refused:
            container.start()
        self.assertIn("no-such-command", str(refused.exception))
        container.run_runtime("delete", "--force", container.id)
        self.finish(container)

    def test_invalid_root(self):
        bundle = self.space.bundle("x")
        bundle.config["root"]["path"] = "/no/such/root"
        self.assert_runtime_refused(self.failed_launch(bundle.write()), "/no/such/root")

    def test_id_in_use(self):
        """The container that has the id survives our failure (D6)."""
        victim_bundle = self.space.shell("exec sleep 1000")
        container_id = self.space.new_id()
        code = self.runtime.call_detached("create", "--bundle", victim_bundle.path, container_id)
        self.assertEqual(code, 0)
        container = self.failed_launch(self.space.bundle("x"), container_id=container_id)
        self.assertEqual(container.init.shim.returncode, 0)
        self.assertIn("oci runtime error: ", container.error)
        self.assertEqual(self.runtime.state(container_id)["status"], "created")
        self.runtime.destroy(container_id)
        container.remove()

    def victim(self):
        """A container that somebody else has made, and its id."""
        container_id = self.space.new_id()
        bundle = self.space.shell("exec sleep 1000")
        self.assertEqual(
            self.runtime.call_detached("create", "--bundle", bundle.path, container_id), 0)
        return container_id

    def assert_victim_survives(self, container):
        process = container.init
        process.shim.wait(DEADLINE)
        process.close()
        self.assertEqual(self.runtime.state(container.id)["status"], "created")
        self.runtime.destroy(container.id)
        container.remove()

    def test_id_in_use_by_who_is_not_asked_for(self):
        """The runtime refuses the bundle before it looks whether the id is free (D6)."""
        bundle = self.space.bundle("x")
        container = self.container(bundle, container_id=self.victim())
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"], Stdio(), False))
        Path(bundle.path, "config.json").write_text('{"ociVersion": 1}', encoding="utf-8")
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        self.assert_victim_survives(container)

    def test_id_in_use_when_create_never_came_to_it(self):
        """The same if the shim is told to end in the meantime."""
        here, gate = self.space.fifo("here"), self.space.fifo("gate")
        slow = self.space.file("slow", "\n".join((
            "#!/bin/sh", f'case " $* " in *" create "*) : > {here}; read x < {gate} ;; esac',
            f'exec {self.runtime.path} "$@"', "")).encode())
        os.chmod(slow, 0o755)
        container = self.container(self.space.bundle("x"), container_id=self.victim(), runtime=slow)
        self.spawned(container)
        Path(here).read_bytes()
        container.init.shim.terminate()
        self.assert_victim_survives(container)

    def test_last_words_of_a_runtime(self):
        """Of one that cannot write its log, on a terminal, whose stderr is nobody else's."""
        script = self.space.file("broken", b"#!/bin/sh\necho cannot load library >&2\nexit 127\n")
        os.chmod(script, 0o755)
        container = self.failed_launch(self.space.bundle("x", terminal=True), runtime=script)
        container.runtime = self.runtime.path
        record, = self.shim_log(container.init)
        self.assertEqual(record["runtimeLog"], "cannot load library")
        container.remove()

    # -- stdio --------------------------------------------------------------------------------------

    def test_missing_stdio(self):
        """Text and path as the contract has them; nothing was created."""
        missing = os.path.join(self.space.root, "nowhere")
        for field in ("stdin", "stdout", "stderr"):
            container = self.failed_launch(self.space.bundle("x"), Stdio(**{field: missing}),
                                           runtime=self.logging_runtime())
            self.assertEqual(self.logged_calls(), [])
            self.assert_shim_error(container, f"stat {missing}: no such file or directory")
            os.unlink(self.space.file("runtime-calls"))

    def test_stdio_is_a_directory(self):
        container = self.failed_launch(self.space.bundle("x"), Stdio(stdout=self.space.root))
        self.assert_shim_error(container, f"containerd-shim: opening {self.space.root} failed: ",
                               "is a directory")

    def test_empty_path(self):
        container = self.failed_launch(self.space.bundle("x"), Stdio(stdout=""))
        self.assert_shim_error(container, "stat : no such file or directory")

    def test_text_with_quotes(self):
        """Escaped, so that the log stays JSON (D1)."""
        missing = '/no/such/"quoted"\\path'
        container = self.failed_launch(self.space.bundle("x"), Stdio(stdout=missing))
        self.assert_shim_error(container, missing)


class Arguments(ShimCase):
    """A shim without the directory that it should find."""

    def shim_in(self, directory, *arguments):
        return subprocess.run([self.shim_path, *arguments], cwd=directory, timeout=DEADLINE,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def prepared(self, process_json=None):
        container = self.container(self.space.bundle("x"))
        process = container.init = container.new_process("init")
        process.prepare(process_json or container.process_json({"args": ["x"], "cwd": "/"},
                                                               Stdio(), False))
        self.addCleanup(process.close)
        return container

    def finish_quietly(self, container):
        container.init.close()
        container.remove()

    def test_no_process_json(self):
        container = self.prepared()
        (container.init.directory / "process.json").unlink()
        result = self.shim_in(container.init.directory, container.id, container.bundle,
                              self.runtime.path)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(self.errors(container.init),
                         ["open process.json: no such file or directory"])
        self.finish_quietly(container)

    def test_logged_before_the_hang_up(self):
        """D23: whoever sees `exit` hang up reads the log."""
        container = self.prepared()
        (container.init.directory / "process.json").unlink()
        trace = self.space.file("trace")
        argv = [*strace.words(trace, "trace=openat,write,close"), self.shim_path, container.id,
                container.bundle, self.runtime.path]
        subprocess.run(argv, cwd=container.init.directory, timeout=DEADLINE, check=False,
                       stdin=subprocess.DEVNULL, env=strace.environment(os.environ))
        lines = Path(trace).read_text(encoding="utf-8").splitlines()
        opened = next(at for at, line in enumerate(lines)
                      if '"exit"' in line and "O_WRONLY" in line)
        number = lines[opened].rpartition("= ")[2]
        logged = next(at for at, line in enumerate(lines)
                      if line.startswith("write(") and "level" in line)
        closed = next(at for at, line in enumerate(lines)
                      if at > opened and line.startswith(f"close({number})"))
        self.assertLess(logged, closed)
        self.finish_quietly(container)

    def test_malformed_process_json(self):
        container = self.prepared()
        for text in ("", "{", "[]", '{"args": "x"}', '{"terminal": 1}'):
            (container.init.directory / "process.json").write_text(text)
            (container.init.directory / "shim-log.json").unlink(missing_ok=True)
            result = self.shim_in(container.init.directory, container.id, container.bundle,
                                  self.runtime.path)
            self.assertEqual(result.returncode, 1, text)
            self.assertEqual(len(self.errors(container.init)), 1, text)
        self.finish_quietly(container)

    def test_no_exit_fifo(self):
        container = self.prepared()
        (container.init.directory / "exit").unlink()
        result = self.shim_in(container.init.directory, container.id, container.bundle,
                              self.runtime.path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("exit: no such file or directory", self.errors(container.init)[0])
        self.finish_quietly(container)

    def test_missing_arguments(self):
        """A person's mistake, so a person is told: usage on stderr, and no file is made."""
        for arguments in ([], ["id"], ["id", "bundle"], ["id", "bundle", "runtime", "more"]):
            result = self.shim_in(self.space.files, *arguments)
            self.assertEqual(result.returncode, 2)
            self.assertIn(b"usage: chock-shim ID BUNDLE RUNTIME", result.stderr)
        self.assertEqual(os.listdir(self.space.files), [])

    def test_ids_that_are_no_names(self):
        container = self.prepared()
        for bad_id in ("../x", "", "-x", "a/b", "x" * 300):
            (container.init.directory / "shim-log.json").unlink(missing_ok=True)
            result = self.shim_in(container.init.directory, bad_id, container.bundle,
                                  self.runtime.path)
            self.assertEqual(result.returncode, 1, bad_id)
            self.assertEqual(len(self.errors(container.init)), 1, bad_id)
        self.finish_quietly(container)

    def test_no_exit_reader(self):
        """A supervisor that died before it opened `exit`: the shim does not wait for ever, and
        makes nothing that nobody would look after (R-6). Ended early by SIGTERM."""
        container = self.prepared()
        container.init.close()
        calls = self.logging_runtime()
        shim = self.spawn([self.shim_path, container.id, container.bundle, calls],
                          cwd=container.init.directory)
        fifo = container.init.directory / "exit"
        writer = self.await_writer(fifo)
        shim.send_signal(signal.SIGTERM)
        self.assertEqual(shim.wait(DEADLINE), 1)
        os.close(writer)
        self.assertEqual(len(self.errors(container.init)), 1)
        self.assertEqual(self.logged_calls(), [])
        container.remove()

    def await_writer(self, fifo):
        """A control FIFO's reader shows that the shim has begun; opening it write-only says so."""
        control = fifo.with_name("control")
        while True:
            try:
                return os.open(control, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # ENXIO: no reader yet
                os.sched_yield()


if __name__ == "__main__":
    sys.exit(main())
