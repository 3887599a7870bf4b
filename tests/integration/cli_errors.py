# SPDX-License-Identifier: Apache-2.0
"""Bad input to chock's verbs: refused with one line that names operation and object, exit status
125, and nothing touched."""

import os
import sys

from harness import main
from harness.cli_case import both_ways

_BAD_IDS = ("..", ".", "a/b", "../x", "x" * 300, "a b", "a\nb", "ü", "")


class Errors:

    def listing(self):
        """Every name and kind below the state root."""
        return sorted((entry.path, entry.stat(follow_symlinks=False).st_mode)
                      for entry in os.scandir(self.space.state_root))

    def test_ids(self):
        before = self.listing()
        for bad in _BAD_IDS:
            for words in (["state", bad], ["kill", bad], ["wait", bad], ["delete", "--force", bad],
                          ["exec", bad, "ls"], ["attach", bad], ["events", "--id", bad or "/"],
                          ["start", "-b", self.space.root, bad]):
                self.refused(self.chock(*words), "id")
        self.assertEqual(self.listing(), before)

    def test_process_ids(self):
        container = self.start()
        for bad in ("..", "a/b", "a b"):
            for words in (["kill", "--process", bad, container], ["wait", "-p", bad, container],
                          ["exec", "--exec-id", bad, container, "ls"]):
                self.refused(self.chock(*words), "id")
        self.refused(self.chock("exec", "--exec-id", "init", container, "ls"), "init")

    def test_what_is_not_there(self):
        for words in (["state", "nope"], ["kill", "nope"], ["wait", "nope"], ["delete", "nope"],
                      ["exec", "nope", "ls"], ["attach", "nope"], ["resize", "nope", "1", "1"],
                      ["close-stdin", "nope"]):
            self.refused(self.chock(*words), words[0], "nope", "not found")

    def test_signals(self):
        container = self.start()
        for bad in ("NOPE", "0", "-1", "65", "999999999999999999999", "", "SIG"):
            self.refused(self.chock("kill", container, "--", bad), "signal")
        self.assertEqual(self.answer("state", container)["status"], "running")

    def test_bundles(self):
        """Also what no JSON parser and no memory should be asked to hold."""
        deep = self.space.bundle("/bin/true").write_text("[" * 100000)
        huge = self.space.bundle("/bin/true")
        with open(huge.config_path, "w", encoding="utf-8") as config:
            config.truncate(100 << 20)
        fifo = self.space.bundle("/bin/true")
        os.unlink(fifo.config_path)
        os.mkfifo(fifo.config_path)
        directory = self.space.bundle("/bin/true")
        os.unlink(directory.config_path)
        os.mkdir(directory.config_path)
        link = self.space.bundle("/bin/true")
        os.rename(link.config_path, self.space.file("elsewhere"))
        os.symlink(self.space.file("elsewhere"), link.config_path)
        nul, long = self.space.bundle("/bin/echo", "x\0y"), self.space.bundle("/bin/true")
        long.process["env"].append("A=" + "x" * (128 << 10))
        for bundle in (deep, huge, fifo, directory, link, nul, long.write()):
            for verb in ("run", "start"):
                container = self.space.new_id()
                self.refused(self.chock(verb, "-b", bundle.path, container), "config.json")
        missing = self.space.file("missing")
        for words in (["run"], ["run", "-t"], ["start"], ["restore"]):
            more = ["c"] if words == ["restore"] else []
            self.refused(self.chock(*words, "-b", missing, self.space.new_id(), *more),
                         f"chock: open bundle {missing}: no such file or directory\n")
        self.assertEqual(self.answer("list"), {"containers": []})

    def test_process_files(self):
        container = self.start()
        huge = self.space.file("huge", b"")
        with open(huge, "r+b") as file:
            file.truncate(100 << 20)
        link = self.space.file("link")
        os.symlink(self.space.file("good", b'{"args": ["/bin/true"], "cwd": "/"}'), link)
        directory = self.space.file("directory")
        os.mkdir(directory)
        paths = [huge, link, directory, self.space.fifo("fifo"), self.space.file("none"),
                 self.space.file("deep", b"[" * 100000), self.space.file("list", b"[]"),
                 self.space.file("empty", b""), self.space.file("args", b'{"args": "ls"}'),
                 self.space.file("no-args", b'{"cwd": "/"}'),
                 self.space.file("cwd", b'{"args": ["ls"], "cwd": "tmp"}'),
                 self.space.file("nul", b'{"args": ["ls", "x\\u0000y"], "cwd": "/"}'), "/"]
        for path in paths:
            self.refused(self.chock("exec", "--process", path, container))
        for path in (huge, link, directory):
            self.refused(self.chock("exec", "--process", path, container), path + ": ")
        self.assertEqual(len(self.answer("state", container)["processes"]), 1)
        self.done("exec", "--process", self.space.file("good"), container)

    def test_exec_fields(self):
        container = self.start()
        for words, named in ((["-u", "root"], "user"), (["-u", "1:2:3"], "user"), (["-e", "=x"], "env"),
                             (["--cap", "a b"], "capability"), (["--cwd", "tmp"], "cwd"),
                             (["--cwd", "/" + "x" * 5000], "cwd"),
                             (["--start-timeout", "0"], "--start-timeout"),
                             (["--detach-keys", "ctrl-?"], "detach keys")):
            self.refused(self.chock("exec", *words, container, "/bin/true"), named)
        self.assertEqual(len(self.answer("state", container)["processes"]), 1)

    def test_stdio_paths(self):
        container = self.space.new_id()
        bundle = self.space.shell("exit 0").path
        for words in (["--stdout", "/no/such/file"], ["--log", "/no/such/directory/log"],
                      ["--log", self.space.root], ["--log", "/tmp/x", "--stdout", "/tmp/y"]):
            self.refused(self.chock("start", "-b", bundle, *words, container))
        self.assertEqual(self.answer("list"), {"containers": []})

    def test_odd_things_in_the_state_root(self):
        """Told of where they can be told of; never touched, and no harm to others."""
        container = self.start()
        root = self.space.state_root
        os.mkfifo(f"{root}/a-fifo")
        os.symlink("/tmp", f"{root}/a-link")
        os.mkdir(f"{root}/empty")
        os.mkdir(f"{root}/torn")
        with open(f"{root}/torn/state.json", "wb") as state:
            state.write(b'{"bundle": "/b", "runt')
        listed = {each["id"]: each["status"] for each in self.answer("list")["containers"]}
        self.assertEqual(listed, {container: "running", "empty": "broken", "torn": "broken"})
        self.assertIn("state.json", self.answer("state", "torn")["reason"])
        for name in ("a-fifo", "a-link"):
            self.refused(self.chock("state", name), name)
            self.refused(self.chock("delete", "--force", name), name)
        for name in ("a-fifo", "a-link"):
            os.unlink(f"{root}/{name}")
        os.unlink(f"{root}/torn/state.json")
        for name in ("empty", "torn"):
            os.rmdir(f"{root}/{name}")


ErrorsAlone, ErrorsServed = both_ways(Errors)

if __name__ == "__main__":
    sys.exit(main())
