# SPDX-License-Identifier: Apache-2.0
"""What a container may use and uses, by chock's verbs, the same with and without a server."""

import json
import os
import sys

from harness import cgroups, main
from harness.cli_case import FOREVER, both_ways
from harness.process import await_asleep, wait_until


class Resources:

    def test_pause_and_resume(self):
        container = self.start()
        self.assertEqual(self.done("pause", container), "")
        self.assertEqual(self.answer("state", container)["status"], "paused")
        self.assertIn("paused", self.done("list"))
        self.assertEqual(self.answer("resume", container), {})
        self.assertEqual(self.answer("state", container)["status"], "running")
        self.refused(self.chock("pause", "nope"), "pause", "nope", "not found")

    def test_delete_of_a_paused_container(self):
        container = self.start()
        self.done("pause", container)
        self.done("delete", "--force", container)
        self.assertEqual(self.answer("list"), {"containers": []})

    def test_ps(self):
        container = self.start("sleep 999 & exec sleep 1000")
        self.done("exec", "-d", container, "/bin/sleep", "998")
        wait_until(lambda: len(self.answer("ps", container)["pids"]) == 3, "there are not three")
        for pid in self.answer("ps", container)["pids"]:
            await_asleep(pid, "nanosleep")  # each is what it will be
        pids = self.answer("ps", container)["pids"]
        self.assertEqual(len(pids), 3)
        titles, *rows = self.done("ps", container).splitlines()
        self.assertEqual(titles.split(), ["PID", "COMMAND"])
        self.assertEqual({tuple(row.split()[1:]) for row in rows},
                         {("sleep", "1000"), ("sleep", "999"), ("/bin/sleep", "998")})
        self.assertEqual({int(row.split()[0]) for row in rows}, set(pids))

    def test_stats(self):
        """One reading, and one of a container that is not there."""
        container = self.start()
        data = self.answer("stats", container)["data"]
        self.assertGreaterEqual(data["pids"]["current"], 1)
        titles, row = self.done("stats", container).splitlines()
        self.assertTrue(titles.startswith("ID"))
        self.assertTrue(row.startswith(container))
        self.refused(self.chock("stats", "nope"), "stats", "nope", "not found")

    def test_stats_until_the_end(self):
        """It ends with the container, and without an error."""
        container = self.start()
        follow = self.begin("stats", "--follow", "--json", container)
        for _ in range(2):
            self.assertIn("data", json.loads(follow.stdout.readline()))
        self.done("kill", container, "KILL")
        follow.stdout.read()
        self.assertEqual((follow.wait(30), follow.stderr.read()), (0, b""))

    def test_update(self):
        container = self.start()
        self.assertEqual(self.done("update", "--memory-limit", "64MiB", "--pids-limit", "77",
                                   container), "")
        pid = self.answer("state", container)["processes"][0]["pid"]
        self.assertEqual(cgroups.memory_limit(pid), 64 << 20)
        self.assertEqual(cgroups.pids_limit(pid), 77)
        for words, named in ((["--memory-limit", "lots"], "--memory-limit"),
                             (["--cpu-shares", "-5"], "--cpu-shares"),
                             (["--blkio-weight", "9"], "--blkio-weight"),
                             (["--pids-limit", "9223372036854775808"], "--pids-limit")):
            self.refused(self.chock("update", *words, container), named)

    def test_checkpoints(self):
        """What does not need CRIU; which is not everywhere."""
        container = self.start()
        directory = self.space.file("checkpoints")
        self.assertEqual(self.answer("checkpoint", "list", "--checkpoint-dir", directory, container),
                         {"checkpoints": []})
        self.refused(self.chock("checkpoint", "create", container), "no NAME given")
        self.refused(self.chock("checkpoint", "create", container, "../x"), "checkpoint name")
        self.refused(self.chock("restore", "-b", self.space.shell(FOREVER).path, self.space.new_id()),
                     "restore", "no CHECKPOINT given")
        other = self.space.new_id()
        self.refused(self.chock("restore", "-b", self.space.shell(FOREVER).path, other, "none"),
                     f"chock: restore {other}: ")

    def test_checkpoint_that_lacks_a_program(self):
        """127 speaks of the program in the container, not of one that the runtime misses."""
        runtime = self.space.file("runtime", f"""#!/bin/sh
case " $* " in
*" checkpoint "*) echo 'exec: "criu": executable file not found in $PATH' >&2; exit 1;;
*) exec {self.runtime.path} "$@";;
esac
""".encode())
        os.chmod(runtime, 0o755)
        container = self.start(FOREVER, "--runtime", runtime)
        self.refused(self.chock("checkpoint", "create", container, "one"), container, "criu")


ResourcesAlone, ResourcesServed = both_ways(Resources)

if __name__ == "__main__":
    sys.exit(main())
