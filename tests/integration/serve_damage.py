# SPDX-License-Identifier: Apache-2.0
"""`chock serve` in a state directory in which a process.json or the event log is not what it should
be. What cannot be read is said in one line; nobody is killed, no exit is lost, and nobody else
notices. (What stands in state.json and pid is core_bad_input's.)"""

import json
import os
import signal
import sys

from pathlib import Path

from harness import main
from harness.case import parametrised
from harness.damage import huge, symlink, text
from harness.process import run
from harness.serve import ServeCase

def _loop(path):
    os.symlink(path.name, path)


_NO_FILES = {"fifo": (os.mkfifo,), "directory": (os.mkdir,), "symlink": (symlink,),
             "loop": (_loop,)}
_BAD_PROCESSES = _NO_FILES | {
    "huge": (huge,), "truncated": (lambda path: None,), "empty": (text(""),),
    "nul": (text("\0" * 4096),), "list": (text("[]"),), "deep": (text('{"a":' * 100000),),
    "args_text": (text('{"args":"x"}'),), "user_list": (text('{"user":[]}'),),
    "exec_number": (text('{"exec":1}'),), "root_negative": (text('{"rootUID":-1}'),),
    "stdin_number": (text('{"containerdStdin":7}'),), "missing": (None,)}
_GARBAGE = bytes(range(256)).replace(b"\n", b"") * 16
_RECORD = '{{"seq":{0},"id":"old-{0}","type":"exit","timestamp":"2026-01-01T00:00:0{0}Z",' \
          '"pid":"init","status":{0}}}\n'


class Damage(ServeCase):

    def begin(self):
        """A container with an exec, and nobody who serves; the pid of its init."""
        self.id = self.space.new_id()
        self.directory = Path(self.space.state_root, self.id)
        server = self.serve()
        client = server.connect()
        pid = client.call("start", id=self.id,
                          bundle=self.space.shell("exec sleep 1000").path)["pid"]
        client.call("exec", id=self.id, process="e", args=["/bin/sleep", "1000"])
        server.kill()
        return pid

    def damage(self, path, make):
        text = path.read_bytes()
        path.unlink()
        if make:
            make(path)
        if make and not os.path.lexists(path):  # truncated
            path.write_bytes(text[:len(text) // 2])

    def assert_others_unharmed(self, client):
        other = self.space.new_id()
        client.call("start", id=other, bundle=self.space.shell("exit 3").path)
        self.assertEqual(client.wait_event("exit", other, "init")["status"], 3)

    def end(self, server, client, exits):
        """Each end is told, and with its status."""
        client.call("kill", id=self.id, signal=int(signal.SIGKILL))
        self.assertEqual(client.wait_event("exit", self.id, "init")["status"], 137)
        observer = server.connect()
        observer.call("events", after=0, follow=False)
        told = [(event["pid"], event["status"]) for event in observer.wait_end()
                if (event["id"], event["type"]) == (self.id, "exit")]
        self.assertEqual(told, exits)
        self.assertFalse(self.directory.exists())
        self.assertEqual(server.stop(), 0)
        self.assertNotIn(self.id, self.runtime.list())

    @parametrised(_BAD_PROCESSES)
    def test_process_of_the_init(self, make):
        pid = self.begin()
        self.damage(self.directory / "init/process.json", make)
        server = self.serve()
        client = server.connect()
        client.call("events")
        self.assertIn("1 containers adopted, 0 left alone", server.log())
        state = client.call("state", id=self.id)
        self.assertEqual(state["status"], "broken")
        self.assertRegex(state["reason"], "^[^\n]+$")
        self.assertLess(len(state["reason"]), 500)
        self.assertEqual([each["id"] for each in client.call("list")["containers"]], [self.id])
        os.kill(pid, 0)
        self.assert_others_unharmed(client)
        client.call("kill", id=self.id, process="e", signal=int(signal.SIGTERM))
        client.wait_event("exit", self.id, "e")
        self.end(server, client, [("e", 143), ("init", 137)])

    @parametrised(_BAD_PROCESSES)
    def test_process_of_an_exec(self, make):
        self.begin()
        self.damage(self.directory / "e/process.json", make)
        server = self.serve()
        client = server.connect()
        client.call("events")
        state = client.call("state", id=self.id)
        self.assertEqual((state["status"], [each["process"] for each in state["processes"]]),
                         ("running", ["init"]))
        self.assert_others_unharmed(client)
        client.call("exec", id=self.id, process="f", args=["/bin/sh", "-c", "exit 5"])
        self.assertEqual(client.wait_event("exit", self.id, "f")["status"], 5)
        self.end(server, client, [("f", 5), ("e", 137), ("init", 137)])

    @parametrised(_NO_FILES)
    def test_event_log_that_is_no_file(self, make):
        """It serves nobody, whom it could not tell what has been; the containers go on."""
        pid = self.begin()
        log = Path(self.space.state_root, "events.log")
        kept = Path(self.space.file("kept"))
        log.rename(kept)
        make(log)
        before = log.lstat()
        refused = run(self.chock_argv("serve"), env=self.space.environment)
        self.assertEqual((refused.returncode, refused.stdout), (125, b""))
        self.assertRegex(refused.stderr, rb"^chock: [^\n]*events\.log[^\n]*\n$")
        self.assertEqual((log.lstat().st_ino, log.lstat().st_mode), (before.st_ino, before.st_mode))
        os.kill(pid, 0)
        if log.is_dir() and not log.is_symlink():
            log.rmdir()
        else:
            log.unlink()
        log.write_bytes(kept.read_bytes())
        server = self.serve()
        client = server.connect()
        client.call("events")
        self.end(server, client, [("e", 137), ("init", 137)])

    @parametrised({"zeros": (huge,), "one_line": (text("x" * (8 << 20)),)})
    def test_event_log_without_end(self, make):
        """What it holds is no record; the containers are adopted all the same, and the log is one
        again."""
        self.begin()
        log = Path(self.space.state_root, "events.log")
        log.unlink()
        make(log)
        server = self.serve()
        self.assertIn("1 lines that are no records", server.log())
        client = server.connect()
        client.call("events")
        self.assertLess(log.stat().st_size, 1 << 20)
        client.call("kill", id=self.id, signal=int(signal.SIGKILL))
        client.wait_event("exit", self.id, "init")
        self.assertEqual(server.stop(), 0)
        told = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([(each["id"], each["type"], each.get("pid", "")) for each in told],
                         [(self.id, "start-container", ""), (self.id, "start-process", "e"),
                          (self.id, "exit", "e"), (self.id, "exit", "init")])

    def test_records_around_the_garbage_stay(self):
        log = Path(self.space.state_root, "events.log")
        log.write_bytes(_RECORD.format(1).encode() + _GARBAGE + b"\n"
                        + _RECORD.format(2).encode() + b"\n{}\n[]\nnull\n"
                        + _RECORD.format(3).encode() + _RECORD.format(4).encode()[:-9])
        server = self.serve()
        client = server.connect()
        client.call("events", after=0, follow=False)
        self.assertEqual([event["id"] for event in client.wait_end()], ["old-1", "old-2", "old-3"])
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
