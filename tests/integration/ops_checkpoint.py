# SPDX-License-Identifier: Apache-2.0
"""Checkpoints, by what the runtime is asked to do: criu needs more than a test machine has."""

import errno
import json
import os
import signal
import sys
from pathlib import Path

from harness import main
from harness.ops_case import OpsCase


class Checkpoint(OpsCase):

    def setUp(self):
        super().setUp()
        self.use_fake_runtime()
        self.owner = self.supervisor(runtime_args=["--root", "/r"])
        self.bundle_dir = self.bundle()
        self.checkpoints = Path(self.bundle_dir) / "checkpoints"

    def start(self, **params):
        return self.owner.call("start", id=self.id, bundle=self.bundle_dir, **params)

    def create(self, name="one", **params):
        return self.owner.call("checkpoint-create", id=self.id, name=name, **params)

    def listed(self, **params):
        answer = self.owner.call("checkpoint-list", id=self.id, **params)
        return answer["checkpoints"]

    def last_call(self, verb):
        return next(call["argv"] for call in reversed(self.fake_calls()) if verb in call["argv"])

    def test_create_with_everything(self):
        """Global flags before the verb (D34); --leave-running unless it is to end."""
        self.start()
        self.create(tcp=True, unixSockets=True, shell=True, emptyNS=["network"])
        image = str(self.checkpoints / "one")
        self.assertEqual(self.last_call("checkpoint"), [
            "--root", "/r", "checkpoint", "--image-path", image, "--work-path",
            image + "/criu.work", "--leave-running", "--shell-job", "--tcp-established",
            "--ext-unix-sk", "--empty-ns", "network", self.id])
        self.create("two", exit=True)
        self.assertEqual(self.last_call("checkpoint")[7:], [self.id])
        config = json.loads((self.checkpoints / "one" / "config.json").read_text(encoding="utf-8"))
        self.assertRegex(config.pop("created"), r"^20\d\d-")
        self.assertEqual(config, {"name": "one", "tcp": True, "unixSockets": True, "shell": True,
                                  "exit": False, "emptyNS": ["network"]})
        self.end(self.owner)

    def test_list_and_delete(self):
        self.start()
        self.assertEqual(self.listed(), [])
        self.create("b", exit=True)
        self.create("a", emptyNS=["network"])
        (self.checkpoints / "not-ours").mkdir()
        listed = self.listed()
        self.assertEqual([(one["name"], one.get("exit", False), one.get("emptyNS", []))
                          for one in listed],
                         [("a", False, ["network"]), ("b", True, [])])
        for _ in range(2):  # one that is not there is fine
            self.owner.call("checkpoint-delete", id=self.id, name="a")
        self.assertEqual([one["name"] for one in self.listed()], ["b"])
        self.end(self.owner)

    def test_directory_of_the_client_s_choice(self):
        self.start()
        directory = self.space.file("deep/er")
        self.create(directory=directory)
        self.assertFalse(self.checkpoints.exists())
        self.assertEqual([one["name"] for one in self.listed(directory=directory)], ["one"])
        self.owner.call("checkpoint-delete", id=self.id, name="one", directory=directory)
        self.assertEqual(os.listdir(directory), [])
        self.end(self.owner)

    def test_failure_leaves_nothing_behind(self):
        self.start()
        self.set_fake_script({"checkpoint": {"exit": 1}})
        error = self.refused(self.owner, "checkpoint-create", name="one")
        self.assertTrue(error.detail.startswith("oci runtime error: "), error.detail)
        self.assertEqual(os.listdir(self.checkpoints), [])
        self.set_fake_script({})
        self.create()
        self.end(self.owner)

    def test_name_in_use(self):
        self.start()
        self.create()
        error = self.refused(self.owner, "checkpoint-create", name="one")
        self.assertEqual(error.code, errno.EEXIST)
        self.assertEqual(str(error), f"mkdir {self.checkpoints}/one: file exists")
        self.assertEqual([one["name"] for one in self.listed()], ["one"])
        self.end(self.owner)

    def test_names_are_checked(self):
        self.start()
        for name in ("..", ".", "../x", "a/b", "-x", "x" * 256):
            for method in ("checkpoint-create", "checkpoint-delete"):
                self.assertEqual(self.refused(self.owner, method, name=name).code, errno.EINVAL)
        for method in ("checkpoint-create", "checkpoint-delete"):
            error = self.refused(self.owner, method, name="")
            self.assertIn("checkpoint name cannot be empty", str(error))
        self.assertFalse(self.checkpoints.exists())
        self.end(self.owner)

    def test_unknown_container(self):
        for method in ("checkpoint-create", "checkpoint-delete"):
            self.assert_unknown(self.owner, method, name="one")
        self.assert_unknown(self.owner, "checkpoint-list")
        self.owner.end()

    def test_container_ends_in_it(self):
        """With `exit` it does; the exit is told when the checkpoint is done, not before."""
        pid = self.start()["pid"]
        here, gate = self.space.fifo("here"), self.space.fifo("gate")
        self.set_fake_script({"checkpoint": {"notify": here, "wait": gate}})
        number = self.owner.send("checkpoint-create", id=self.id, name="one", exit=True)
        Path(here).read_bytes()
        os.kill(pid, signal.SIGKILL)  # as criu does
        self.owner.call("list")
        self.assert_events(self.owner, [("start-container", "", 0)])
        Path(gate).write_bytes(b"")
        self.assertEqual(self.owner.result(number), {})
        self.owner.wait_event("exit", self.id, "init")
        self.assertTrue((self.checkpoints / "one").is_dir())
        self.owner.end()

    def test_restore(self):
        """From where create puts it by default (D76), and from elsewhere."""
        self.start()
        self.create(tcp=True, emptyNS=["network"])
        elsewhere = self.space.file("elsewhere")
        self.create("two", directory=elsewhere)
        for name, params in (("one", {}), ("two", {"checkpointDir": elsewhere})):
            self.owner.call("delete", id=self.id, force=True)
            self.start(checkpoint=name, **params)
            call = self.last_call("restore")
            image = os.path.join(params.get("checkpointDir", str(self.checkpoints)), name)
            self.assertEqual(call[call.index("--image-path") + 1], image)
            self.assertEqual("--tcp-established" in call, name == "one")
            self.assertNotIn("start", call)
        self.assertEqual(self.fake_verbs().count("start"), 1)
        self.end(self.owner)

    def test_restore_of_nothing(self):
        error = self.refused(self.owner, "start", bundle=self.bundle_dir, checkpoint="none")
        self.assertIn("none", str(error))
        self.assertFalse(self.directory.exists())
        self.owner.end()

    def test_unreadable_checkpoint_is_named(self):
        self.start()
        self.create()
        (self.checkpoints / "one" / "config.json").write_text("{", encoding="utf-8")
        self.assertIn("one/config.json", str(self.refused(self.owner, "checkpoint-list")))
        self.owner.call("checkpoint-delete", id=self.id, name="one")
        self.assertEqual(self.listed(), [])
        self.end(self.owner)


if __name__ == "__main__":
    sys.exit(main())
