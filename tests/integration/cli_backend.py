# SPDX-License-Identifier: Apache-2.0
"""Who does the work: the server that owns the state directory, or chock itself when there is none,
none any more, or none left in the middle."""

import json
import os
import socket
import sys

from pathlib import Path

from harness import Deadline, main
from harness.cli_case import FOREVER, CliCase
from harness.process import wait_pidfd


class Backend(CliCase):

    def test_without_a_state_root(self):
        """Nothing is made by asking."""
        root = self.space.file("none")
        self.assertEqual(json.loads(self.done("--state-dir", root, "--json", "list")),
                         {"containers": []})
        for words in (["state", "x"], ["kill", "x"], ["exec", "x", "ls"], ["attach", "x"]):
            self.refused(self.chock("--state-dir", root, *words), words[0], "x", "not found")
        self.assertEqual(self.done("--state-dir", root, "events"), "")
        self.assertFalse(os.path.exists(root))

    def test_the_server_does_the_work(self):
        server = self.serve()
        container = self.start(FOREVER)
        parent = int(Path(f"/proc/{self.shim_of(container)}/stat").read_text(encoding="utf-8")
                     .rpartition(")")[2].split()[1])
        self.assertEqual(parent, server.pid)
        self.assertEqual(server.stop(), 0)

    def shim_of(self, container):
        pid = self.answer("state", container)["processes"][0]["pid"]
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])

    def test_a_socket_that_nobody_serves(self):
        """What a killed server leaves does not stop anybody."""
        server = self.serve()
        container = self.start(FOREVER)
        server.kill()
        self.assertTrue(os.path.exists(server.socket_path))
        self.assertEqual(self.answer("state", container)["status"], "running")
        self.assertEqual(self.chock("exec", container, "/bin/sh", "-c", "exit 3").returncode, 3)
        self.done("delete", "--force", container)
        os.unlink(server.socket_path)

    def test_what_is_announced_and_is_no_socket(self):
        for announced in (b'{"socket": "/dev/null"}', b"[]", b"{", b"", b'{"socket": "x"}',
                          b"\\0" * 100):
            with open(f"{self.space.state_root}/lock", "wb") as lock:
                lock.write(announced)
            result = self.chock("list")
            self.assertIn(result.returncode, (0, 125))
            self.assertEqual(result.stderr.count(b"\n"), 1 if result.returncode else 0, result)

    def test_the_server_stops_under_a_run(self):
        """The session goes on, and ends with the container's status."""
        server = self.serve()
        container = self.space.new_id()
        bundle = self.space.shell("echo up; read line; echo $line; exit 6")
        child = self.begin("run", "-b", bundle.path, container)
        self.expect(child, b"up\n")
        self.assertEqual(server.stop(), 0)
        child.stdin.write(b"still here\n")
        child.stdin.flush()
        self.expect(child, b"still here\n")
        self.assertEqual(child.wait(30), 6)

    def test_the_server_is_replaced_under_a_run(self):
        server = self.serve()
        container = self.space.new_id()
        bundle = self.space.shell("echo up; read line; exit 6")
        child = self.begin("run", "-b", bundle.path, container)
        self.expect(child, b"up\n")
        server.kill()
        server = self.serve()
        child.stdin.write(b"go on\n")
        child.stdin.flush()
        self.assertEqual(child.wait(30), 6)
        self.assertEqual(server.stop(), 0)

    def test_a_server_that_comes_under_a_run(self):
        """It adopts the container; whoever runs it learns of the end all the same."""
        container = self.space.new_id()
        bundle = self.space.shell("echo up; read line; exit 6")
        child = self.begin("run", "-b", bundle.path, container)
        self.expect(child, b"up\n")
        server = self.serve()
        self.assertEqual(self.answer("state", container)["status"], "running")
        child.stdin.write(b"go on\n")
        child.stdin.flush()
        self.assertEqual((child.wait(30), child.stderr.read()), (6, b""))
        self.assertEqual(server.stop(), 0)

    def test_a_client_that_is_killed(self):
        """A run's client may go: the container and the server go on."""
        server = self.serve()
        container = self.space.new_id()
        child = self.begin("run", "-b", self.space.shell("echo up; sleep 1000").path, container)
        self.expect(child, b"up\n")
        child.kill()
        child.wait()
        self.assertEqual(self.answer("state", container)["status"], "running")
        shim = self.shim_of(container)
        self.done("delete", "--force", container)
        wait_pidfd(shim, Deadline(what="the shim to end"))
        self.assertEqual(server.stop(), 0)

    def test_a_server_that_says_nonsense(self):
        """One line, no hang, no crash."""
        path = self.space.file("sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            with open(f"{self.space.state_root}/lock", "w", encoding="utf-8") as lock:
                json.dump({"pid": 1, "socket": path}, lock)
            for answer in (b"", b"nonsense\n", b"[]\n", b'{"jsonrpc":"2.0","id":1,"result":7}\n',
                           b'{"jsonrpc":"2.0","id":1,"error":{}}\n', b"[" * 1000 + b"\n"):
                child = self.begin("--json", "list")
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)
                self.assertIn(child.wait(30), (0, 125))
                self.assertLessEqual(child.stderr.read().count(b"\n"), 1)
        os.unlink(f"{self.space.state_root}/lock")


if __name__ == "__main__":
    sys.exit(main())
