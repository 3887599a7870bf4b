# SPDX-License-Identifier: Apache-2.0
"""What a container may use and uses, by chock's verbs, the same with and without a server."""

import json
import os
import sys

from pathlib import Path

from harness import main
from harness.cli_case import FOREVER, both_ways


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
        self.assertEqual(self.limit(container, "memory", "memory.limit_in_bytes", "memory.max"),
                         str(64 << 20))
        self.assertEqual(self.limit(container, "pids", "pids.max", "pids.max"), "77")
        for words, named in ((["--memory-limit", "lots"], "--memory-limit"),
                             (["--cpu-shares", "-5"], "--cpu-shares"),
                             (["--blkio-weight", "9"], "--blkio-weight"),
                             (["--pids-limit", "9223372036854775808"], "--pids-limit")):
            self.refused(self.chock("update", *words, container), named)

    def limit(self, container, controller, name_v1, name_v2):
        """What the kernel has, by either version of control groups."""
        pid = self.answer("state", container)["processes"][0]["pid"]
        unified = None
        for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(","):
                return Path(f"/sys/fs/cgroup/{controller}{path}/{name_v1}").read_text("utf-8").strip()
            unified = path if not controllers else unified
        return Path(f"/sys/fs/cgroup{unified}/{name_v2}").read_text("utf-8").strip()

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
