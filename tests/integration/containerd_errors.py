# SPDX-License-Identifier: Apache-2.0
"""Requests that cannot be granted, with the code and the words that clients look for, and those
that the original crashed on."""

import json
import os
import signal
import sys

from harness import main
from harness.bundle import CAPABILITIES
from harness.containerd import ContainerdCase
from harness.process import Deadline, wait_pidfd, wait_until

NO_CONTAINER = (2, "containerd: container not found")
NO_PROCESS = (2, "containerd: process not found for container")


class Errors(ContainerdCase):

    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()
        self._running = []

    def tearDown(self):
        for container in self._running:
            self.end(self.client, self.stream, container)
        self.stream.cancel()
        self.assertEqual(self.server.stop(), 0)
        super().tearDown()

    def running(self, bundle=None):
        container, pid = self.create(self.client, bundle or self.space.shell("exec sleep 1000"))
        self._running.append(container)
        return container, pid

    def failed_create(self, bundle, **fields):
        """Fails, leaves nothing and has no event; the same id is free at once (D73)."""
        container = self.space.new_id()
        for _ in range(2):
            answer = self.refused(self.client.CreateContainer, id=container,
                                  bundlePath=getattr(bundle, "path", bundle), **fields)
            self.assertFalse(self.directory(container).exists())
            self.assertNotIn(container, self.runtime.list())
        self.assertEqual(self.stream.of(container), [])
        return answer

    def exec_into(self, container, process, **fields):
        return self.client.AddProcess(id=container, pid=process, cwd="/",
                                      args=["/bin/sleep", "1000"], **fields)

    # -- CreateContainer ------------------------------------------------------------------------

    def test_create_without_a_bundle(self):
        self.assertEqual(self.failed_create(""), (2, "empty bundle path"))
        path = self.space.file("nothing")
        self.assertEqual(self.failed_create(path),
                         (5, f"open {path}/config.json: no such file or directory"))

    def test_create_of_an_id_that_is_taken(self):
        container, _ = self.running()
        self.assertEqual(
            self.refused(self.client.CreateContainer, id=container,
                         bundlePath=self.space.shell("exit 0").path),
            (6, f"mkdir {self.directory(container)}: file exists"))

    def test_create_of_a_program_that_does_not_exist(self):
        code, text = self.failed_create(self.space.bundle("/no/such/program"))
        self.assertEqual(code, 2)
        self.assertTrue(text.startswith("oci runtime error: "), text)
        self.assertIn("/no/such/program", text)
        self.assertIn("no such file or directory", text.lower())

    def test_create_with_an_odd_config(self):
        """D37: any of these took the original down."""
        for key in ("process", "linux", "root", None):
            with self.subTest(key):
                bundle = self.space.shell("exit 0")
                if key is None:
                    bundle.write_text("{")
                else:
                    del bundle.config[key]
                    bundle.write()
                code, text = self.failed_create(bundle)
                self.assertEqual(code, 2, text)
                self.assertIn(f"parse {bundle.config_path}", text)
                if key:
                    self.assertTrue(text.endswith(f": {key}: must be present"), text)
        self.assertEqual(self.client.Check().status, 1)

    def test_create_with_ids_that_lead_elsewhere(self):
        """D46"""
        for name in ("../x", "a/b", ".", "..", "-x", "", "x" * 256):
            with self.subTest(name):
                code, text = self.refused(self.client.CreateContainer, id=name,
                                          bundlePath=self.space.shell("exit 0").path)
                self.assertEqual(code, 2)
                self.assertIn("check container id", text)

    def test_create_without_capabilities(self):
        """D70: crashed at once, and at every State afterwards."""
        bundle = self.space.shell("exec sleep 1000")
        del bundle.process["capabilities"]
        container, _ = self.running(bundle.write())
        info, = self.client.State(id=container).containers
        self.assertEqual(list(info.processes[0].capabilities), [])

    def test_create_with_capabilities_as_a_list(self):
        """As Docker up to 17.05 wrote them: refused by the original and by runc, taken by crun."""
        bundle = self.space.shell("exec sleep 1000")
        bundle.process["capabilities"] = list(CAPABILITIES)
        bundle.write()
        if self.runtime.name == "crun":
            container, _ = self.running(bundle)
            info, = self.client.State(id=container).containers
            self.assertEqual(list(info.processes[0].capabilities), CAPABILITIES)
        else:
            code, text = self.failed_create(bundle)
            self.assertEqual((code, text[:19]), (2, "oci runtime error: "))

    def test_create_with_a_runtime_that_does_not_exist(self):
        directory = self.space.file("directory")
        os.mkdir(directory)
        for runtime, text in (
                ("no-such-runtime", "no-such-runtime not installed on system"),
                ("/no/such/rt", "fork/exec /no/such/rt: no such file or directory"),
                (self.space.file("plain", b""), "fork/exec {}: permission denied"),
                (directory, "fork/exec {}: permission denied")):
            self.assertEqual(self.failed_create(self.space.shell("exit 0"), runtime=runtime),
                             (2, "shim error: " + text.format(runtime)))

    def test_create_with_a_default_runtime_that_does_not_exist(self):
        """The daemon begins all the same, and each create says so."""
        self.stream.cancel()
        self.assertEqual(self.server.stop(), 0)
        self.server = self.daemon(runtime="/no/such/rt")
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()
        self.assertEqual(self.failed_create(self.space.shell("exit 0")),
                         (2, "shim error: fork/exec /no/such/rt: no such file or directory"))

    def test_create_with_a_checkpoint_that_does_not_exist(self):
        """D76: without a directory, the bundle's."""
        bundle = self.space.shell("exit 0")
        code, text = self.failed_create(bundle, checkpoint="c")
        self.assertEqual(code, 2)
        self.assertIn(f"{bundle.path}/checkpoints/c", text)

    def test_create_without_a_reader(self):
        """The shim waits for one for 15 s, then says why it does not go on."""
        out = self.space.fifo("out")
        self.assertEqual(self.failed_create(self.space.shell("exit 0"), stdout=out), (
            2, f"shim error: containerd-shim: opening {out} failed: context deadline exceeded"))

    def test_create_that_takes_too_long(self):
        self.stream.cancel()
        self.assertEqual(self.server.stop(), 0)
        self.server = self.daemon("--start-timeout", "300ms")
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()
        self.assertEqual(
            self.failed_create(self.space.shell("exit 0"), stdout=self.space.fifo("out")),
            (2, "containerd: container did not start before the specified timeout"))

    def test_create_with_labels_and_texts_as_they_are(self):
        labels = ["", "a=\"b\"", "<&>", "\u00e9\u4e2d", "x\n\ty"]
        container, _ = self.create(self.client, self.space.shell("exec sleep 1000"), labels=labels)
        self._running.append(container)
        info, = self.client.State(id=container).containers
        self.assertEqual(list(info.labels), labels)

    # -- AddProcess -----------------------------------------------------------------------------

    def test_exec_without_ids(self):
        self.assertEqual(self.refused(self.client.AddProcess),
                         (2, "container id cannot be empty"))
        self.assertEqual(self.refused(self.client.AddProcess, id="a"),
                         (2, "process id cannot be empty"))

    def test_exec_into_nothing(self):
        self.assertEqual(self.refused(self.client.AddProcess, id=self.space.new_id(), pid="e"),
                         NO_CONTAINER)

    def test_exec_of_an_id_that_is_taken(self):
        container, _ = self.running()
        self.exec_into(container, "e")
        for name in ("e", "init"):
            self.assertEqual(self.refused(self.exec_into, container=container, process=name),
                             (6, f"mkdir {self.directory(container)}/{name}: file exists"))
        self.assertTrue((self.directory(container) / "e" / "pid").exists(), "not touched")

    def test_exec_of_a_program_that_does_not_exist(self):
        container, _ = self.running()
        for _ in range(2):  # its id is free again
            code, text = self.refused(self.client.AddProcess, id=container, pid="e", cwd="/",
                                      args=["/no/such/program"])
            self.assertEqual(code, 2)
            self.assertTrue(text.startswith("oci runtime error: "), text)
            self.assertIn("/no/such/program", text)
        self.assertEqual(self.stream.of(container), [("start-container", "", 0)])

    def test_exec_that_its_container_does_not_live_to_see(self):
        """Where a client can read it: who cancels by himself has his own library's words for it."""
        container, _ = self.create(self.client, self.space.shell("exec sleep 1000"))
        call = self.client.future("AddProcess", id=container, pid="e", cwd="/", args=["/bin/true"],
                                  stdout=self.space.fifo("out"))  # without a reader
        wait_until(lambda: (self.directory(container) / "e/shim.lock").exists(),
                   "the shim does not start")
        self.end(self.client, self.stream, container)
        self.assertEqual((call.code().value[0], call.details()), (1, "context canceled"))
        self.assertFalse(self.directory(container).exists())

    def test_exec_with_nothing_said_about_user_and_capabilities(self):
        """D71: user 0:0, and no capability at all."""
        container, _ = self.running()
        pid = self.exec_into(container, "e").systemPid
        with open(self.directory(container) / "e" / "process.json", encoding="utf-8") as source:
            spec = json.load(source)
        self.assertEqual((spec["user"], spec["capabilities"]), ({"uid": 0, "gid": 0}, {}))
        with open(f"/proc/{pid}/status", encoding="utf-8") as source:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in source if ":\t" in line)
        self.assertEqual([int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")],
                         [0, 0, 0])

    def test_exec_with_everything_said(self):
        container, _ = self.running()
        # Not RLIMIT_NOFILE: runc 1.1's own runtime (Go) may raise that to the hard limit meanwhile.
        caps = ["CAP_KILL"]
        pid = self.exec_into(container, "e", user={"uid": 5, "gid": 6, "additionalGids": [7, 8]},
                             env=["A=b"], capabilities=caps, noNewPrivileges=True,
                             rlimits=[{"type": "RLIMIT_CORE", "soft": 100, "hard": 200}]).systemPid
        with open(f"/proc/{pid}/status", encoding="utf-8") as source:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in source if ":\t" in line)
        self.assertEqual(status["Uid"].split(), ["5"] * 4)
        self.assertEqual(status["Gid"].split(), ["6"] * 4)
        self.assertEqual(status["Groups"].split(), ["7", "8"])
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(int(status["CapBnd"], 16), 1 << 5)
        with open(f"/proc/{pid}/limits", encoding="utf-8") as source:
            limits = next(line.split() for line in source if line.startswith("Max core file size"))
        self.assertEqual(limits[4:6], ["100", "200"])
        info, = self.client.State(id=container).containers
        process = {each.pid: each for each in info.processes}["e"]
        self.assertEqual((process.systemPid, process.user.uid, list(process.user.additionalGids),
                          list(process.capabilities), list(process.env), process.noNewPrivileges,
                          process.rlimits[0].soft, process.rlimits[0].hard),
                         (pid, 5, [7, 8], caps, ["A=b"], True, 100, 200))

    # -- Signal, UpdateProcess ------------------------------------------------------------------

    def test_signal(self):
        signal_to = self.client.Signal
        container, _ = self.running()
        self.assertEqual(self.refused(signal_to, id=self.space.new_id(), pid="init", signal=15),
                         NO_CONTAINER)
        self.assertEqual(self.refused(signal_to, id=container, pid="no", signal=15), NO_PROCESS)
        self.assertEqual(self.refused(signal_to, id=container, signal=9), NO_PROCESS)
        for number in (65, 999, 2**32 - 1):
            self.assertEqual(self.refused(signal_to, id=container, pid="init", signal=number),
                             (2, "invalid argument"))

    def test_signal_to_a_process_that_has_ended(self):
        """Its output has not been read, so that its exit has not been told."""
        out = self.space.fifo("out")
        reader = os.open(out, os.O_RDONLY | os.O_NONBLOCK)
        bundle = self.space.shell("yes | head -c 1000000; exit 4")
        container, pid = self.create(self.client, bundle, stdout=out)
        # All that fits is in the fifo; the process itself waits for more room, until it is killed.
        self.client.Signal(id=container, pid="init", signal=int(signal.SIGKILL))
        wait_pidfd(pid, Deadline(10, "init to end"))
        code, text = self.refused(self.client.Signal, id=container, pid="init", signal=15)
        self.assertIn((code, text), ((2, "no such process"), NO_CONTAINER))
        os.set_blocking(reader, True)
        while os.read(reader, 65536):
            pass
        os.close(reader)
        self.stream.wait_exit(container)
        self.assertEqual(self.refused(self.client.Signal, id=container, pid="init", signal=15),
                         NO_CONTAINER)

    def test_update_process(self):
        update = self.client.UpdateProcess
        container, _ = self.running()
        for change in ({"closeStdin": True}, {"width": 1, "height": 1}, {}):
            with self.subTest(change):
                self.assertEqual(self.refused(update, id=self.space.new_id(), pid="init",
                                              **change), NO_CONTAINER)
                self.assertEqual(self.refused(update, id=container, pid="no", **change),
                                 NO_PROCESS)
                update(id=container, pid="init", **change)

    # -- looking for what cannot be there -------------------------------------------------------

    def test_ids_that_cannot_be_any(self):
        """The original did not look at them, and found nothing."""
        client = self.client
        for name in ("", ".", "../x", "a/b", "-x", "\u00e9", "x" * 300):
            with self.subTest(name):
                calls = [(client.Signal, {"pid": "init", "signal": 15}), (client.Stats, {}),
                         (client.UpdateProcess, {"pid": "init"}),
                         (client.CreateCheckpoint, {"checkpoint": {"name": "c"}}),
                         (client.DeleteCheckpoint, {"name": "c"})]
                calls += [(client.UpdateContainer, fields) for fields in (
                    {}, {"status": "paused"}, {"status": "running"}, {"status": "x"},
                    {"resources": {}}, {"resources": {"pidsLimit": 5}})]
                if name:  # without one, State tells of all, and AddProcess has words of its own
                    calls += [(client.State, {}), (client.AddProcess, {"pid": "e"})]
                for call, fields in calls:
                    self.assertEqual(self.refused(call, id=name, **fields), NO_CONTAINER, fields)
                self.assertEqual(self.refused(client.ListCheckpoint, id=name),
                                 (5, "no such containers"))

    def test_processes_that_cannot_be_any(self):
        container, _ = self.running()
        for name in ("../init", "a/b", "-x", "\u00e9", "x" * 300):
            with self.subTest(name):
                self.assertEqual(self.refused(self.client.Signal, id=container, pid=name,
                                              signal=15), NO_PROCESS)
                self.assertEqual(self.refused(self.client.UpdateProcess, id=container, pid=name),
                                 NO_PROCESS)
                code, text = self.refused(self.exec_into, container=container, process=name)
                self.assertEqual(code, 2)
                self.assertIn("check process id", text)

    def test_events_of_what_cannot_be(self):
        self.running()
        for name in ("\u00e9", "../x", "x" * 300):
            self.assertEqual(self.client.stored(id=name), [])
        live = self.client.events(id="\u00e9").subscribed()
        container, _ = self.running()
        self.stream.wait_type("start-container", container)
        live.cancel()
        self.assertEqual(live.all(), [])

    # -- State, and what has no side effects ----------------------------------------------------

    def test_state_of_nothing(self):
        self.assertEqual(self.refused(self.client.State, id=self.space.new_id()), NO_CONTAINER)

    def test_version_and_health(self):
        version = self.client.GetServerVersion()
        self.assertEqual((version.major, version.minor, version.patch), (0, 2, 3))
        self.assertTrue(version.revision.startswith("chock-"))
        self.assertEqual(self.client.Check().status, 1)
        self.assertEqual(self.refused(self.client.Check, service="types.API"),
                         (5, "unknown service"))

    def test_events_that_are_not_possible(self):
        text = "invalid parameter: StoredOnly cannot be specified without setting a valid Timestamp"
        for fields in ({}, {"timestamp": {"seconds": -62135596800}}):
            with self.assertRaisesRegex(Exception, text):
                self.client.events(storedOnly=True, **fields).wait_end()
        for stamp in ({"nanos": -1}, {"seconds": 2**60}):
            with self.assertRaisesRegex(Exception, "timestamp outside the years 1 to 9999"):
                self.client.events(timestamp=stamp).wait_end()


if __name__ == "__main__":
    sys.exit(main())
