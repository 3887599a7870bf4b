# SPDX-License-Identifier: Apache-2.0
"""chock's verbs as an ordinary user, who is root in a user namespace of one id and has no control
groups, with a server of his own and without. Nothing is said of directories: they are where
$XDG_RUNTIME_DIR says."""

import os
import stat
import sys

from harness import main
from harness.cli_case import FOREVER, CliCase
from harness.process import as_user, free_uid, run
from harness.serve import ServeCase, Server

_NAMESPACES = ("user", "pid", "mount", "ipc", "uts")


def _parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
        return int(source.read().rpartition(")")[2].split()[1])


class Rootless(CliCase):

    def setUp(self):
        ServeCase.setUp(self)
        self.uid = free_uid()
        self.runtime_dir = self.space.file("run")
        os.mkdir(self.runtime_dir, 0o700)
        for path, _, names in os.walk(self.space.root):
            for name in (".", *names):
                os.chown(os.path.join(path, name), self.uid, self.uid, follow_symlinks=False)
        self.state_dir = os.path.join(self.runtime_dir, "chock")
        self.server = self.serve() if self.served else None

    def user_environment(self, **changes):
        return self.space.environment | {"XDG_RUNTIME_DIR": self.runtime_dir} | changes

    def argv(self, *words):
        return as_user(self.uid, self.chock_path, "--shim", self.shim_path, "--runtime",
                       self.runtime.path, *words)

    def chock(self, *words, **options):
        options.setdefault("env", self.user_environment())
        return run(self.argv(*words), **options)

    def serve(self, *options):
        """Who writes to the service manager's socket is not its owner."""
        mask = os.umask(0)
        try:
            return Server(self, *options, env={"XDG_RUNTIME_DIR": self.runtime_dir},
                          socket_path=os.path.join(self.state_dir, "chock.sock"))
        finally:
            os.umask(mask)

    def chock_argv(self, verb, *arguments):
        return self.argv(verb, *arguments)

    def make_bundle(self, script):
        bundle = self.space.shell(script, namespaces=_NAMESPACES)
        linux = bundle.config["linux"]
        linux.pop("resources")
        for mapping in ("uidMappings", "gidMappings"):
            linux[mapping] = [{"containerID": 0, "hostID": self.uid, "size": 1}]
        return bundle.write().path

    def start(self, script=FOREVER, *options):
        container = self.space.new_id()
        self.done("start", *options, "-b", self.make_bundle(script), container)
        return container

    def test_life(self):
        log = os.path.join(self.runtime_dir, "log")
        container = self.start("id -u; echo to stdout; exec sleep 1000", "--log", log,
                               "--rm=false")  # so that it does not matter which is there first
        self.assertEqual(os.stat(self.state_dir).st_uid, self.uid)
        mode = os.stat(os.path.join(self.state_dir, container)).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o700)
        state = self.answer("state", container)
        self.assertEqual((state["status"], state["directory"]),
                         ("running", os.path.join(self.state_dir, container)))
        pid = state["processes"][0]["pid"]
        self.assertEqual(os.stat(f"/proc/{pid}").st_uid, self.uid)
        if self.served:
            self.assertEqual(_parent(_parent(pid)), self.server.pid)
        self.assertEqual(self.done("list", "--quiet"), container + "\n")
        result = self.chock("exec", "-i", container, "sh", "-c",
                            "id -u; cat; echo error >&2; exit 5", stdin=b"in\n")
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (5, b"0\nin\n", b"error\n"), result)
        self.refused(self.chock("delete", container), "running")
        wait = self.begin_wait(container, env=self.user_environment())
        self.done("kill", container, "KILL")
        self.assertEqual((wait.stdout.read(), wait.wait(30)), (b"137\n", 137))
        self.done("delete", container)
        with open(log, "rb") as text:
            self.assertEqual(text.read(), b"0\nto stdout\n")

    def test_run(self):
        for script, code, out in (("echo hi; exit 7", 7, b"hi\n"), ("cat", 0, b"words")):
            container = self.space.new_id()
            result = self.chock("run", "-b", self.make_bundle(script), container,
                                stdin=b"words")
            self.assertEqual((result.returncode, result.stdout, result.stderr), (code, out, b""))
        self.assertEqual(self.done("list", "--quiet"), "")

    def test_what_needs_a_control_group(self):
        """Is refused in one line, and does no harm."""
        container = self.start()
        for words in (("pause", container), ("update", "--memory", "64M", container)):
            self.refused(self.chock(*words))
        self.assertEqual(self.answer("state", container)["status"], "running")
        self.done("delete", "--force", container)

    def test_directory_of_another_user(self):
        theirs = self.space.file("theirs")
        os.mkdir(theirs, 0o700)
        self.refused(self.chock("--state-dir", theirs, "list"), "permission denied")
        self.refused(self.chock("--state-dir", theirs, "run", "-b", self.make_bundle("exit 0"),
                                self.space.new_id()), "permission denied")
        self.refused(self.chock("--state-dir", theirs, "serve"), "permission denied")
        self.assertEqual(os.listdir(theirs), [])

    def test_no_place_for_a_directory(self):
        environment = self.user_environment()
        del environment["XDG_RUNTIME_DIR"]
        for words in (("list",), ("start", "-b", self.make_bundle("exit 0"), self.space.new_id()),
                      ("serve",)):
            self.refused(self.chock(*words, env=environment), "XDG_RUNTIME_DIR", "--state-dir")


class RootlessServed(Rootless):

    served = True

    def test_next_server_adopts(self):
        container = self.start()
        self.server.kill()
        self.server = self.serve()
        self.assertIn("1 containers adopted, 0 left alone", self.server.log())
        client = self.server.connect()
        client.call("events")
        client.call("kill", id=container, signal=9)
        self.assertEqual(client.wait_event("exit", container, "init")["status"], 137)


if __name__ == "__main__":
    sys.exit(main())
