# SPDX-License-Identifier: Apache-2.0
"""A container's life by chock's verbs, the same with and without a server."""

import json
import os
import signal
import stat
import sys

from harness import main
from harness.cli_case import FOREVER, both_ways
from harness.process import await_handler

_OBEDIENT = "trap 'exit 3' TERM; while :; do sleep 1000 & wait; done"


class Life:

    def test_start_tells_where_the_container_is(self):
        container = self.space.new_id()
        bundle = self.space.shell(FOREVER)
        told = json.loads(self.done("start", "-b", bundle.path, container))
        self.assertEqual((told["id"], told["process"], told["terminal"]), (container, "init", False))
        self.assertEqual(told["directory"], f"{self.space.state_root}/{container}/init")
        self.assertEqual(told["stdio"], {name: "/dev/null" for name in ("stdin", "stdout", "stderr")})
        for name in ("control", "exit"):
            self.assertTrue(stat.S_ISFIFO(os.stat(told[name]).st_mode))
        os.kill(told["pid"], 0)

    def test_state_and_list(self):
        container = self.start("exec sleep 1000", "--label", "a=b")
        state = self.answer("state", container)
        self.assertEqual((state["id"], state["status"], state["labels"]),
                         (container, "running", ["a=b"]))
        self.assertEqual([process["process"] for process in state["processes"]], ["init"])
        self.assertEqual(self.answer("list")["containers"], [state])
        self.assertEqual(self.done("list", "--quiet"), container + "\n")
        titles, row = self.done("list").splitlines()
        self.assertEqual(titles.split(), ["ID", "STATUS", "PID", "PROCESSES", "RUNTIME", "BUNDLE"])
        self.assertEqual(row.split()[:4],
                         [container, "running", str(state["processes"][0]["pid"]), "1"])
        text = self.done("state", container)
        self.assertIn("init     running", text)
        self.assertNotIn("\x1b", text)

    def obedient(self):
        container = self.start(_OBEDIENT)
        await_handler(self.answer("state", container)["processes"][0]["pid"], signal.SIGTERM)
        return container

    def test_kill_and_wait(self):
        container = self.obedient()
        waits = [self.begin_wait(container) for _ in range(3)]
        self.done("kill", container)
        for wait in waits:
            self.assertEqual((wait.stdout.read(), wait.wait(30)), (b"3\n", 3))

    def test_signals_by_name_and_number(self):
        for word in ("KILL", "SIGKILL", "kill", "9"):
            container = self.start()
            wait = self.begin_wait(container)
            self.done("kill", container, word)
            self.assertEqual((wait.stdout.read(), wait.wait(30)), (b"137\n", 137))
            self.chock("delete", container)

    def test_wait_as_json(self):
        container = self.obedient()
        wait = self.begin_wait("--json", container)
        self.done("kill", container)
        self.assertEqual((json.loads(wait.stdout.read()), wait.wait(30)), ({"exitStatus": 3}, 0))

    def test_delete(self):
        container = self.start()
        self.refused(self.chock("delete", container), "delete", container, "running")
        self.assertEqual(self.answer("delete", "--force", container), {})
        self.refused(self.chock("state", container), "state", container, "not found")
        self.assertEqual(self.answer("list"), {"containers": []})

    def test_delete_of_one_that_somebody_waits_for(self):
        container = self.start()
        wait = self.begin_wait(container)
        self.done("delete", "--force", container)
        self.assertEqual((wait.stdout.read(), wait.wait(30)), (b"137\n", 137))

    def test_log(self):
        """Both streams are appended, and the file is private."""
        log = self.space.file("log", b"before\n")
        container = self.start("echo out; echo err >&2; exit 4", "--rm=false", "--log", log)
        self.assertEqual(self.chock("wait", container).returncode, 4)
        with open(log, encoding="utf-8") as text:
            lines = text.read().splitlines()
        self.assertEqual((lines[0], sorted(lines[1:])), ("before", ["err", "out"]))

    def test_keep(self):
        """--rm=false: what has ended stays to be asked about, until it is deleted."""
        container = self.start("exit 7", "--rm=false")
        for _ in range(2):
            self.assertEqual(self.chock("wait", container).returncode, 7)
        state = self.answer("state", container)
        self.assertEqual((state["status"], state["processes"][0]["exitStatus"]), ("stopped", 7))
        self.assertIn("stopped (7)", self.done("list"))
        self.done("delete", container)
        self.assertEqual(self.answer("list"), {"containers": []})
        self.assertIsNone(self.runtime.state(container))

    def test_keep_what_is_deleted_while_it_runs(self):
        """That is the end of being kept, whoever sees the exit first."""
        container = self.start("exec sleep 1000", "--rm=false")
        self.done("delete", "--force", container)
        self.assertEqual(self.answer("list"), {"containers": []})
        self.assertIsNone(self.runtime.state(container))

    # -- exec

    def test_exec_exits_with_the_command_s_status(self):
        container = self.start()
        result = self.chock("exec", container, "/bin/sh", "-c", "echo out; echo err >&2; exit 5")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (5, b"out\n", b"err\n"))
        self.assertEqual(self.chock("exec", container, "/bin/sh", "-c", "kill -9 $$").returncode, 137)
        self.assertEqual(len(self.answer("state", container)["processes"]), 1)

    def test_exec_with_input(self):
        container = self.start()
        data = os.urandom(1 << 20)
        result = self.chock("exec", "-i", container, "/bin/cat", stdin=data)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertTrue(result.stdout == data)

    def test_exec_without_input_reads_an_end_of_file(self):
        container = self.start()
        result = self.chock("exec", container, "/bin/cat", stdin=b"not for the command")
        self.assertEqual((result.returncode, result.stdout), (0, b""))

    def test_exec_options(self):
        container = self.start()
        os.environ["CHOCK_TEST_HANDED_ON"] = "ours"
        self.addCleanup(os.environ.pop, "CHOCK_TEST_HANDED_ON")
        script = "echo $A $CHOCK_TEST_HANDED_ON; pwd; id -u; id -g; grep NoNewPrivs /proc/self/status"
        output = self.done("exec", "-e", "A=b", "-e", "CHOCK_TEST_HANDED_ON", "--cwd", "/tmp",
                           "-u", "7:8", "--cap", "kill", "--no-new-privs", container,
                           "/bin/sh", "-c", script, env=self.space.environment)
        self.assertEqual(output.split(), ["b", "ours", "/tmp", "7", "8", "NoNewPrivs:", "1"])

    def test_exec_of_a_process_file(self):
        container = self.start()
        process = self.space.file("process.json", json.dumps({
            "args": ["/bin/sh", "-c", "id -u; pwd; exit 9"], "cwd": "/bin",
            "user": {"uid": 5, "gid": 5}, "env": ["PATH=/bin"]}).encode())
        result = self.chock("exec", "--process", process, container)
        self.assertEqual((result.returncode, result.stdout), (9, b"5\n/bin\n"), result)
        self.refused(self.chock("exec", "--process", process, container, "/bin/ls"),
                     "exec", "spec")

    def test_exec_detached(self):
        container = self.start()
        self.assertEqual(self.done("exec", "-d", container, "/bin/sleep", "1000"), "exec-1\n")
        self.assertEqual(self.done("exec", "-d", "--exec-id", "mine", container, "/bin/sleep", "1000"),
                         "mine\n")
        told = self.answer("exec", "-d", container, "/bin/sleep", "1000")
        self.assertEqual(told["process"], "exec-2")
        self.assertEqual(len(self.answer("state", container)["processes"]), 4)
        wait = self.begin_wait("--process", "mine", container)
        self.done("kill", "--process", "mine", container, "USR1")
        self.assertEqual(wait.wait(30), 128 + signal.SIGUSR1)

    def test_two_execs_of_the_same_name(self):
        container = self.start()
        both = [self.begin("exec", "-i", "--exec-id", "same", container, "/bin/cat")
                for _ in range(2)]
        for each in both:
            each.stdin.close()
        codes = sorted(each.wait(30) for each in both)
        self.assertIn(codes, ([0, 0], [0, 125]))
        for each in both:
            if each.returncode == 125:
                self.assertIn(b"exist", each.stderr.read())

    def test_exec_of_what_is_not_there(self):
        container = self.start()
        self.refused(self.chock("exec", container, "/no/such/program"), "exec", container, code=127)
        self.refused(self.chock("exec", container, "/tmp"), "exec", container, code=126)
        self.refused(self.chock("exec", "no-such-container", "/bin/true"), "not found")
        self.refused(self.chock("exec", container), "args")
        self.assertEqual(len(self.answer("state", container)["processes"]), 1)

    def test_exec_options_end_at_the_command(self):
        container = self.start()
        self.assertEqual(self.done("exec", container, "/bin/echo", "-t", "--json", "--", "-x"),
                         "-t --json -- -x\n")

    # -- attach, close-stdin, resize

    def test_attach(self):
        """To fifos of one's own, of a container that somebody else has started."""
        paths = {name: self.space.fifo(name) for name in ("in", "out", "err")}
        readers = [os.open(paths[name], os.O_RDWR) for name in ("out", "err")]
        container = self.start("read line; echo got $line; exit 6", "--stdin", paths["in"],
                               "--stdout", paths["out"], "--stderr", paths["err"])
        attach = self.begin("attach", container)
        for reader in readers:
            os.close(reader)
        attach.stdin.write(b"this\n")
        attach.stdin.flush()
        self.assertEqual((attach.stdout.read(), attach.wait(30)), (b"got this\n", 6))

    def test_attach_to_nothing(self):
        container = self.start()
        self.refused(self.chock("attach", container), "attach", container, "/dev/null")
        self.refused(self.chock("attach", "--process", "x", container), "attach", "not found")

    def test_close_stdin(self):
        """A client that closes its end of the fifo does not close the process's stdin; this does."""
        fifo = self.space.fifo("in")
        container = self.start("cat; exit 8", "--rm=false", "--stdin", fifo)
        wait = self.begin_wait(container)
        self.done("close-stdin", container)
        self.assertEqual(wait.wait(30), 8)

    def test_resize(self):
        container = self.start(terminal=True)
        self.done("exec", "-d", "-t", "--exec-id", "e", container, "/bin/sleep", "1000")
        self.done("resize", container, "80", "24")
        self.done("resize", "--process", "e", container, "132", "50")
        self.done("exec", "-d", "--exec-id", "plain", container, "/bin/sleep", "1000")
        self.refused(self.chock("resize", "-p", "plain", container, "80", "24"), container,
                     "no terminal")
        self.refused(self.chock("resize", container), "resize: no COLUMNS given")
        self.refused(self.chock("resize", container, "80", "0"), "resize", "ROWS")
        self.refused(self.chock("resize", container, "80", "65536"), "resize", "ROWS")


LifeAlone, LifeServed = both_ways(Life)

if __name__ == "__main__":
    sys.exit(main())
