# SPDX-License-Identifier: Apache-2.0
"""Answers that take more to provoke than a wrong request: of a shim or a runtime that does not do
its work, of time that runs out, of what the daemon may not do. Words are those that clients look
for, so runtimes' own have to come through as they are."""

import json
import os
import shutil
import signal
import sys

from harness import main
from harness.case import only_with
from harness.containerd import FOREVER, ContainerdCase, api_pb2
from harness.http2 import Http2, message_frame
from harness.process import Deadline, wait_pidfd, wait_until

_SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")
_RUNTIMES = "oci runtime error: "


def _parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
        return int(source.read().rpartition(")")[2].split()[1])


class Answers(ContainerdCase):

    def begin(self, *flags, **options):
        self.server = self.daemon(*flags, **options)
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()

    def finish(self):
        self.stream.cancel()
        self.assertEqual(self.server.stop(), 0)

    def failed_create(self, bundle=None, **fields):
        container = self.space.new_id()
        answer = self.refused(self.client.CreateContainer, id=container,
                              bundlePath=(bundle or self.space.shell("exit 0")).path, **fields)
        self.assertFalse(self.directory(container).exists())
        self.assertEqual(self.stream.of(container), [])
        return answer

    # -- shims and runtimes ---------------------------------------------------------------------

    def test_shim_that_ends_without_a_word(self):
        for shim in ("/bin/true", "/bin/false"):
            self.begin(shim=shim)
            self.assertEqual(self.failed_create(), (2, "containerd: container not started"))
            self.finish()

    def begin_with_fake_runtime(self):
        self.home = self.space.file("fake")
        os.mkdir(self.home)
        self.begin(runtime=os.path.join(_SUPPORT, "fake_runtime"),
                   env={"FAKE_RUNTIME_DIR": self.home})

    def hang(self, verb):
        """From now on: when somebody opens the second fifo, having been told by the first."""
        here, go = self.space.fifo(f"here-{verb}"), self.space.fifo(f"go-{verb}")
        self.script({verb: {"notify": here, "wait": go}})
        return here, go

    def script(self, verbs):
        with open(os.path.join(self.home, "script.json"), "w", encoding="utf-8") as out:
            json.dump(verbs, out)

    def test_process_that_has_just_ended(self):
        """Its exit has not been told, as the runtime is still at work. It cannot be signalled any
        more, but to close its stdin or to resize it is no mistake."""
        self.begin_with_fake_runtime()
        container, _ = self.create(self.client, self.space.bundle("x"))
        here, go = self.hang("delete")
        self.client.Signal(id=container, pid="init", signal=int(signal.SIGKILL))
        with open(here, "rb") as notice:
            notice.read()
        for change in ({"closeStdin": True}, {"width": 1, "height": 1}, {}):
            self.client.UpdateProcess(id=container, pid="init", **change)
        self.assertEqual(self.refused(self.client.Signal, id=container, pid="init", signal=15),
                         (2, "no such process"))
        self.assertEqual(self.stream.of(container), [("start-container", "", 0)])
        with open(go, "wb"):
            pass
        self.stream.wait_exit(container)
        self.assertEqual(self.refused(self.client.UpdateProcess, id=container, pid="init",
                                      closeStdin=True), (2, "containerd: container not found"))
        self.finish()

    def test_shim_that_is_killed_while_start_runs(self):
        """The hanging `start` goes with it, and so does the worker that waited for it (D53)."""
        self.begin_with_fake_runtime()
        here, _ = self.hang("start")
        for _ in range(12):  # more than the original had workers
            container = self.space.new_id()
            call = self.client.future("CreateContainer", id=container,
                                      bundlePath=self.space.bundle("x").path)
            with open(here, "rb") as notice:
                notice.read()
            pid = int((self.directory(container) / "init" / "pid").read_text(encoding="utf-8"))
            os.kill(_parent(pid), signal.SIGKILL)
            error = call.exception(30)
            self.assertEqual((error.code().value[0], error.details()), (
                2, "containerd: shim exited before container process was started"))
            self.assertFalse(self.directory(container).exists())
            wait_pidfd(pid, Deadline(0.1, "the process to be gone before the answer"))
            self.assertEqual(self.stream.of(container), [])
        with open(os.path.join(self.home, "calls.jsonl"), encoding="utf-8") as calls:
            starts = [json.loads(line)["pid"] for line in calls if '"start"' in line]
        self.assertEqual(len(starts), 12)
        self.assertEqual([pid for pid in starts if os.path.exists(f"/proc/{pid}")], [])
        self.finish()

    def test_runtimes_words_come_through_as_they_are(self):
        """The same as the runtime says to whoever calls it without us."""
        self.begin()
        plain = os.path.join(self.space.rootfs, "bin/plain")
        open(plain, "wb").close()
        for program in ("no-such-program", "/no/such/program", "/bin/sh/x", "/bin/plain",
                        '/a"quote\\\n\u00e9%s<&>'):
            with self.subTest(program):
                bundle = self.space.bundle(program)
                code, text = self.failed_create(bundle)
                self.assertEqual((code, text[:len(_RUNTIMES)]), (2, _RUNTIMES))
                self.assertEqual(text[len(_RUNTIMES):], self.runtimes_own(bundle))
        self.finish()

    def runtimes_own(self, bundle):
        log = self.space.file("log.json", b"")
        self.assertNotEqual(self.runtime.call_detached(
            "--log", log, "--log-format", "json", "create", "--bundle", bundle.path,
            self.space.new_id()), 0)
        with open(log, encoding="utf-8") as lines:
            return next(record["msg"] for record in map(json.loads, lines)
                        if record["level"] == "error")

    @only_with("runc", "the words are runc's")
    def test_words_that_docker_looks_for(self):
        """From which it makes exit codes 126 and 127."""
        self.begin()
        open(os.path.join(self.space.rootfs, "bin/plain"), "wb").close()
        for program, words in (("no-such-program", "executable file not found"),
                               ("/no/such/program", "no such file or directory"),
                               ("/bin/plain", "permission denied"), ("/etc", "permission denied"),
                               ("/bin/sh/x", "not a directory")):
            text = self.failed_create(self.space.bundle(program))[1].lower()
            self.assertIn(words, text)
            self.assertIn(program, text)
        self.finish()

    def test_runtime_that_fails(self):
        """What it said last, or else its status; whatever it was to do."""
        self.begin_with_fake_runtime()
        container, _ = self.create(self.client, self.space.bundle("x"))
        update = self.client.UpdateContainer
        calls = {"pause": (update, {"status": "paused"}), "resume": (update, {"status": "running"}),
                 "update": (update, {"resources": {"pidsLimit": 4}}),
                 "events": (self.client.Stats, {}),
                 "checkpoint": (self.client.CreateCheckpoint, {"checkpoint": {"name": "a"}})}
        for how, text in (({"exit": 1}, "the runtime failed with status 1"),
                          ({"signal": 9}, "the runtime failed with status 137"),
                          ({"exit": 3, "stdout": "no", "stderr_bytes": 9}, "x" * 9)):
            for verb, (call, fields) in calls.items():
                with self.subTest(verb, how=how):
                    self.script({verb: how})
                    self.assertEqual(self.refused(call, id=container, **fields),
                                     (2, _RUNTIMES + text))
        self.script({})
        self.end(self.client, self.stream, container)
        self.assertEqual(self.stream.of(container),
                         [("start-container", "", 0), ("exit", "init", 137)])
        self.finish()

    # -- codes ----------------------------------------------------------------------------------

    def test_what_the_daemon_may_not_do(self):
        """Permission denied: it is run without the right to read what is not its own."""
        self.begin(wrapper=("/usr/bin/setpriv", "--bounding-set", "-dac_override,-dac_read_search"))
        bundle = self.space.shell("exit 0")
        os.chmod(bundle.config_path, 0)
        os.chown(bundle.config_path, 12345, 12345)
        self.assertEqual(self.failed_create(bundle),
                         (7, f"open {bundle.config_path}: permission denied"))
        self.finish()

    def test_time_that_runs_out(self):
        """Whoever says how long it will wait is told in time; what it has asked for is undone."""
        self.begin()
        connection = self.closed_at_end(Http2(self.server.socket_path))
        request = api_pb2.CreateContainerRequest(
            id=self.space.new_id(), bundlePath=self.space.shell(FOREVER).path,
            stdout=self.space.fifo("out"))  # without a reader: 15 s
        answer = connection.call("/types.API/CreateContainer",
                                 message_frame(request.SerializeToString()),
                                 extra=[("grpc-timeout", "300m")])
        self.assertEqual(answer.header("grpc-status"), "4", answer.__dict__)
        self.assertTrue(answer.end_in_headers)
        self.assert_free(request.id)
        self.finish()

    def test_canceled(self):
        """Nobody hears the answer, but everybody may use the id; the daemon stays as it was."""
        self.begin()
        container = self.space.new_id()
        call = self.client.future("CreateContainer", id=container, stdout=self.space.fifo("out"),
                                  bundlePath=self.space.shell(FOREVER).path)
        wait_until(lambda: (self.directory(container) / "init").exists(), "no create")
        call.cancel()
        self.assert_free(container)
        self.finish()

    def assert_free(self, container):
        """As soon as what was there has been undone, of which there is no other sign."""
        wait_until(lambda: not self.directory(container).exists(), "it is not undone", 5)
        wait_until(lambda: not self.client.State().containers, "it is remembered", 5)
        self.create(self.client, self.space.shell(FOREVER), container)
        self.end(self.client, self.stream, container)
        self.assertEqual(self.stream.of(container),
                         [("start-container", "", 0), ("exit", "init", 137)])

    # -- bundles --------------------------------------------------------------------------------

    def test_bundle_that_has_gone_while_nobody_looked(self):
        """The original kills such a container and throws it away. Here it is looked after."""
        self.begin()
        bundle = self.space.shell(FOREVER)
        container, pid = self.create(self.client, bundle)
        self.finish()
        shutil.rmtree(bundle.path)
        self.begin()
        info, = self.client.State().containers
        self.assertEqual((info.id, info.bundlePath, info.status, info.processes[0].systemPid),
                         (container, bundle.path, "running", pid))
        self.end(self.client, self.stream, container)
        self.assertEqual(self.stream.of(container), [("exit", "init", 137)])
        self.assertFalse(self.directory(container).exists())
        self.finish()


if __name__ == "__main__":
    sys.exit(main())
