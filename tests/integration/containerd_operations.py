# SPDX-License-Identifier: Apache-2.0
"""Pause, resume, limits, readings and checkpoints over containerd 0.2's API."""

import json
import os
import signal
import sys
import time

from harness import cgroups, main
from harness.containerd import ContainerdCase
from harness.process import await_asleep

NO_CONTAINER = (2, "containerd: container not found")
_SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")


class Operations(ContainerdCase):

    def setUp(self):
        super().setUp()
        self.begin()

    def begin(self, **options):
        self.server = self.daemon(**options)
        self.client = self.server.client()
        self.stream = self.client.events().subscribed()
        self.container, self.pid = self.create(self.client, self.space.shell("exec sleep 1000"))

    def finish(self):
        self.end(self.client, self.stream, self.container)
        self.stream.cancel()
        self.assertEqual(self.server.stop(), 0)

    def tearDown(self):
        self.finish()
        super().tearDown()

    def update(self, **fields):
        return self.client.UpdateContainer(id=self.container, **fields)

    # -- UpdateContainer ------------------------------------------------------------------------

    def test_pause_and_resume(self):
        """Clients wait for the events; status counts, resources do not."""
        self.update(status="paused", resources={"memoryLimit": 1})
        self.stream.wait_type("pause", self.container)
        info, = self.client.State(id=self.container).containers
        self.assertEqual(info.status, "running", "as the original has it")
        self.assertIn(self.pid, info.pids)
        self.update(status="running")
        self.stream.wait_type("resume", self.container)
        self.assertEqual(self.stream.of(self.container),
                         [("start-container", "", 0), ("pause", "", 0), ("resume", "", 0)])

    def test_kill_while_paused(self):
        """It is a signal, and what is frozen takes none before it is thawed: docker does that. With
        version 2 of control groups it dies at once."""
        self.update(status="paused")
        self.client.Signal(id=self.container, pid="init", signal=int(signal.SIGKILL))
        if not cgroups.is_unified():
            self.update(status="running")
        self.stream.wait_exit(self.container)
        self.assertEqual(self.stream.of(self.container)[-1], ("exit", "init", 137))
        self.container, self.pid = self.create(self.client, self.space.shell("exec sleep 1000"))

    def test_unknown_status(self):
        for status in ("stopped", "x"):
            self.assertEqual(self.refused(self.update, status=status),
                             (2, "containerd: unknown container status "))

    def test_update_without_anything(self):
        self.update()
        self.update(resources={})
        self.update(pid="whatever")

    def test_update_of_nothing(self):
        for fields in ({}, {"status": "paused"}, {"status": "x"}, {"resources": {}},
                       {"resources": {"pidsLimit": 5}}):
            self.assertEqual(self.refused(self.client.UpdateContainer, id=self.space.new_id(),
                                          **fields), NO_CONTAINER)

    def test_limits(self):
        self.update(resources={"memoryLimit": 64 << 20, "pidsLimit": 50, "cpuShares": 512})
        self.assertEqual(cgroups.memory_limit(self.pid), 64 << 20)
        self.assertEqual(cgroups.pids_limit(self.pid), 50)
        self.assertEqual(cgroups.cpu_weight(self.pid), cgroups.shares_as_weight(512))
        code, text = self.refused(self.update, resources={"blkioWeight": 99999})
        self.assertEqual((code, text), (2, "invalid parameter: blkioWeight 99999"))

    # -- Stats ----------------------------------------------------------------------------------

    def test_stats(self):
        await_asleep(self.pid, "nanosleep")  # a runtime's child has threads, and is busy
        before = time.time()
        answer = self.client.Stats(id=self.container)
        stamp = answer.timestamp.seconds + answer.timestamp.nanos / 1e9
        self.assertTrue(before - 1 <= stamp <= time.time(), stamp)
        cgroup = answer.cgroup_stats
        self.assertGreater(cgroup.memory_stats.usage.usage, 0)
        self.assertEqual(cgroup.pids_stats.current, 1)
        self.assertGreater(cgroup.cpu_stats.cpu_usage.total_usage, 0)
        ticks = 10**9 // os.sysconf("SC_CLK_TCK")
        self.assertGreater(cgroup.cpu_stats.system_usage, ticks)
        self.assertEqual(cgroup.cpu_stats.system_usage % ticks, 0)
        self.assertEqual(len(answer.network_stats), 0)
        self.assertEqual(self.refused(self.client.Stats, id=self.space.new_id()), NO_CONTAINER)

    # -- checkpoints, by what the runtime is asked to do: criu needs more than a test machine has --

    def begin_again_with_a_fake(self):
        self.finish()
        self.home = self.space.file("fake")
        os.mkdir(self.home)
        self.begin(runtime=os.path.join(_SUPPORT, "fake_runtime"),
                   env={"FAKE_RUNTIME_DIR": self.home})

    def calls_of_the_fake(self):
        with open(os.path.join(self.home, "calls.jsonl"), encoding="utf-8") as source:
            return [json.loads(line)["argv"] for line in source]

    def test_create_from_a_checkpoint(self):
        """What is restored runs: there is no `start`. Without a directory, the bundle's (D76)."""
        self.begin_again_with_a_fake()
        info, = self.client.State(id=self.container).containers
        elsewhere = self.space.file("elsewhere")
        for directory in ("", elsewhere):
            with self.subTest(directory):
                self.client.CreateCheckpoint(id=self.container, checkpointDir=directory,
                                             checkpoint={"name": "a", "tcp": True})
                answer = self.client.CreateContainer(
                    id=(restored := self.space.new_id()), bundlePath=info.bundlePath,
                    checkpoint="a", checkpointDir=directory).container
                init, = answer.processes
                self.assertEqual((answer.id, answer.status, answer.bundlePath, init.pid),
                                 (restored, "running", info.bundlePath, "init"))
                os.kill(init.systemPid, 0)
                call, = [words for words in self.calls_of_the_fake() if restored in words]
                image = f"{directory or info.bundlePath + '/checkpoints'}/a"
                self.assertIn("restore", call)
                self.assertEqual(call[call.index("--image-path") + 1], image)
                self.assertIn("--tcp-established", call)
                self.end(self.client, self.stream, restored)
                self.assertEqual(self.stream.of(restored),
                                 [("start-container", "", 0), ("exit", "init", 137)])
                self.assertFalse(self.directory(restored).exists())

    def test_checkpoints(self):
        self.begin_again_with_a_fake()
        create = self.client.CreateCheckpoint
        create(id=self.container, checkpoint={"name": "a", "tcp": True, "unixSockets": True,
                                              "emptyNS": ["network"]})
        words = self.calls_of_the_fake()[-1]
        for word in ("checkpoint", "--tcp-established", "--ext-unix-sk", "--empty-ns"):
            self.assertIn(word, words)
        listed, = self.client.ListCheckpoint(id=self.container).checkpoints
        self.assertEqual((listed.name, listed.tcp, listed.unixSockets, listed.shell, listed.exit,
                          list(listed.emptyNS)), ("a", True, True, False, False, ["network"]))
        code, text = self.refused(create, id=self.container, checkpoint={"name": "a"})
        self.assertEqual(code, 6)
        self.assertRegex(text, r"^mkdir .*/checkpoints/a: file exists$")
        elsewhere = self.space.file("elsewhere")
        create(id=self.container, checkpoint={"name": "b"}, checkpointDir=elsewhere)
        self.assertEqual([each.name for each in self.client.ListCheckpoint(
            id=self.container, checkpointDir=elsewhere).checkpoints], ["b"])
        for _ in range(2):  # what is not there is fine
            self.client.DeleteCheckpoint(id=self.container, name="a")
        self.assertEqual(len(self.client.ListCheckpoint(id=self.container).checkpoints), 0)

    def test_checkpoints_of_nothing(self):
        empty = (2, "checkpoint name cannot be empty")
        self.assertEqual(self.refused(self.client.CreateCheckpoint, id=self.container), empty)
        self.assertEqual(self.refused(self.client.CreateCheckpoint, id=self.container,
                                      checkpoint={}), empty)
        self.assertEqual(self.refused(self.client.DeleteCheckpoint, id=self.container), empty)
        nobody = self.space.new_id()
        self.assertEqual(self.refused(self.client.ListCheckpoint, id=nobody),
                         (5, "no such containers"))
        self.assertEqual(self.refused(self.client.CreateCheckpoint, id=nobody,
                                      checkpoint={"name": "a"}), NO_CONTAINER)
        self.assertEqual(self.refused(self.client.DeleteCheckpoint, id=nobody, name="a"),
                         NO_CONTAINER)
        for name in ("../x", ".", "a/b"):
            code, text = self.refused(self.client.DeleteCheckpoint, id=self.container, name=name)
            self.assertEqual(code, 2)
            self.assertIn("check checkpoint name", text)

    def test_checkpoint_that_fails_leaves_nothing(self):
        """Without criu the runtime refuses; the second try says the same (D34)."""
        for _ in range(2):
            code, text = self.refused(self.client.CreateCheckpoint, id=self.container,
                                      checkpoint={"name": "a"})
            self.assertEqual(code, 2)
            self.assertIn("oci runtime error: ", text)
        self.assertEqual(len(self.client.ListCheckpoint(id=self.container).checkpoints), 0)


if __name__ == "__main__":
    sys.exit(main())
