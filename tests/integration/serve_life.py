# SPDX-License-Identifier: Apache-2.0
"""A server's own life: one a directory, and containers that outlive it."""

import fcntl
import grp
import json
import os
import signal
import socket
import sys

from pathlib import Path

from harness import main
from harness.process import Deadline, await_handler, run, wait_pidfd
from harness.serve import Client, ServeCase


class ServerLife(ServeCase):

    def events(self, server):
        """All that the log has of this test's containers: [(type, process, status)]."""
        client = server.connect()
        client.call("events", after=0, follow=False)
        return [(event["type"], event.get("pid", ""), event.get("status"))
                for event in client.wait_end()]

    def start(self, client, script="exec sleep 1000", **params):
        container = self.space.new_id()
        answer = client.call("start", id=container, bundle=self.space.shell(script).path, **params)
        return container, answer["pid"]

    def test_second_server_is_told_who_is_there(self):
        server = self.serve()
        second = run(self.chock_argv("serve"), env=self.space.environment)
        self.assertEqual((second.returncode, second.stdout), (125, b""))
        self.assertEqual(second.stderr.decode(), f"chock: serve {self.space.state_root}: served by "
                                                 f"process {server.pid}\n")
        server.connect().call("list")  # unharmed
        self.assertEqual(server.stop(), 0)

    def test_second_server_elsewhere_needs_its_own_directory(self):
        """Another socket does not make it another server."""
        server = self.serve()
        second = run(self.chock_argv("serve", "--listen", f"unix://{self.space.file('other')}"),
                     env=self.space.environment)
        self.assertEqual(second.returncode, 125)
        self.assertFalse(os.path.exists(self.space.file("other")))
        self.assertEqual(server.stop(), 0)

    def test_stopping_leaves_containers_and_the_next_one_adopts_them(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number.name):
                server = self.serve()
                container, pid = self.start(server.connect(), "trap 'exit 7' TERM; echo; "
                                                              "while :; do sleep 1000 & wait; done")
                await_handler(pid, signal.SIGTERM)
                self.assertEqual(server.stop(number), 0)
                self.assertEqual(server.manager.next(), "STOPPING=1")
                self.assertFalse(os.path.exists(server.socket_path))
                os.kill(pid, 0)
                server = self.serve()
                self.assertIn("1 containers adopted", server.log())
                client = server.connect()
                client.call("events")
                client.call("kill", id=container, signal=signal.SIGTERM)
                self.assertEqual(client.wait_event("exit", container, "init")["status"], 7)
                self.assertEqual(server.stop(), 0)

    def test_exits_while_nobody_serves_are_reported_by_the_next_one(self):
        server = self.serve()
        container, pid = self.start(server.connect())
        server.kill()
        os.kill(pid, signal.SIGKILL)
        wait_pidfd(pid, Deadline(what="the container's end"))
        server = self.serve()
        client = server.connect()
        client.call("events", after=0)
        self.assertEqual(client.wait_event("exit", container, "init")["status"], 137)
        self.assertEqual(self.events(server),
                         [("start-container", "", None), ("exit", "init", 137)])
        self.assertEqual(server.stop(), 0)

    def test_event_numbers_go_on_over_restarts(self):
        for _ in range(3):
            server = self.serve()
            client = server.connect()
            client.call("events")
            container, _ = self.start(client, "exit 0")
            client.wait_event("exit", container, "init")
            server.kill()
        server = self.serve()
        client = server.connect()
        client.call("events", after=0, follow=False)
        self.assertEqual([event["seq"] for event in client.wait_end()], list(range(1, 7)))
        self.assertEqual(server.stop(), 0)

    def test_refused_start_changes_nothing_of_a_live_daemon(self):
        """One that takes no lock, as containerd 0.2 does not: its log has no numbers."""
        root = self.space.file("theirs")
        os.mkdir(root)
        address, log = os.path.join(root, "containerd.sock"), Path(root, "events.log")
        event = '{"id":"a","type":"oom","timestamp":"2020-01-02T03:04:06Z"}\n'
        log.write_text(event, encoding="utf-8")
        before = log.stat()
        with socket.socket(socket.AF_UNIX) as theirs:
            theirs.bind(address)
            theirs.listen()
            done = run(self.chock_argv("serve", "--state-dir", root, "--listen",
                                       f"unix://{address}"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("in use by another server", done.stderr.decode())
        self.assertEqual(log.read_text(encoding="utf-8"), event)
        self.assertEqual((log.stat().st_ino, log.stat().st_mode), (before.st_ino, before.st_mode))

    def test_user_signals_have_no_effect(self):
        server = self.serve()
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            server.child.send_signal(number)
        self.assertEqual(server.connect().call("list"), {"containers": []})
        self.assertEqual(server.stop(), 0)

    def hanging_runtime(self, *steps):
        """A runtime that never comes to an end of these steps, while the file it waits for exists;
        and the fifo that tells when it hangs."""
        flag, hangs, path = self.space.file("flag", b""), self.space.fifo("hangs"), \
            self.space.file("runtime")
        Path(path).write_text(
            f"#!/bin/sh\nif [ -e {flag} ]; then case \" $* \" in "
            + "".join(f"*\" {step} \"*) echo {step} $$ > {hangs}; exec sleep 1000;; " for step in steps)
            + f"esac; fi\nexec {self.runtime.path} \"$@\"\n", encoding="utf-8")
        os.chmod(path, 0o755)
        return path, hangs, flag

    def begin_start(self, server, runtime, hangs):
        """A start that has come to where the runtime hangs."""
        container = self.space.new_id()
        bundle = self.space.shell("exec sleep 1000").path
        server.connect().send("start", id=container, bundle=bundle, runtime=runtime)
        Path(hangs).read_bytes()
        return container

    def test_stopping_undoes_starts_that_are_not_done(self):
        for step in ("create", "start"):
            with self.subTest(step=step):
                server = self.serve()
                runtime, hangs, flag = self.hanging_runtime(step)
                container = self.begin_start(server, runtime, hangs)
                self.assertEqual(server.stop(), 0)
                self.assertFalse(Path(self.space.state_root, container).exists())
                self.assertIsNone(self.runtime.state(container))
                for path in (hangs, flag):
                    os.unlink(path)

    def test_a_second_signal_waits_for_nothing(self):
        """What could not be undone is undone by the next server."""
        server = self.serve()
        runtime, hangs, flag = self.hanging_runtime("start", "delete")
        container = self.begin_start(server, runtime, hangs)
        server.child.terminate()
        step, pid = Path(hangs).read_text(encoding="utf-8").split()
        self.assertEqual(step, "delete")
        self.assertEqual(server.stop(), 0)
        os.kill(int(pid), signal.SIGKILL)
        os.unlink(flag)
        self.assertTrue(Path(self.space.state_root, container).exists())
        server = self.serve()
        client = server.connect()
        deadline = Deadline(what="the start to be undone")
        while client.call("list")["containers"]:
            self.assertGreater(deadline.remaining, 0)
        self.assertEqual(server.stop(), 0)
        self.assertIsNone(self.runtime.state(container))

    def test_a_stale_socket_is_replaced_and_anything_else_is_not(self):
        server = self.serve()
        server.kill()
        self.assertTrue(os.path.exists(server.socket_path))
        server = self.serve()
        self.assertEqual(server.stop(), 0)
        Path(server.socket_path).write_text("precious", encoding="utf-8")
        refused = run(self.chock_argv("serve"), env=self.space.environment)
        self.assertEqual(refused.returncode, 125)
        self.assertIn(b"exists and is not a socket", refused.stderr)
        self.assertEqual(Path(server.socket_path).read_text(encoding="utf-8"), "precious")
        os.unlink(server.socket_path)

    def test_a_long_path_to_listen_at(self):
        directory = self.space.file("d" * 200)
        os.mkdir(directory)
        path = os.path.join(directory, "s")
        server = self.serve("--listen", f"unix://{path}")
        held = os.open(directory, os.O_PATH)
        client = Client(f"/proc/self/fd/{held}/s")
        os.close(held)
        client.call("list")
        client.close()
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_socket_is_for_its_owner(self):
        """And for the group that an installed package has made."""
        has_group = any(each.gr_name == "chock" for each in grp.getgrall())
        server = self.serve()
        self.assertEqual(os.stat(server.socket_path).st_mode & 0o777, 0o660 if has_group else 0o600)
        self.assertEqual(server.stop(), 0)

    def test_bad_options_are_one_line(self):
        for options in (("--listen", "tcp://127.0.0.1:1"), ("--listen", "unix://relative"),
                        ("--listen", "unix:///no/such/directory/s"), ("--log-level", "loud"),
                        ("--log-format", "xml"), ("--concurrent-starts", "0"),
                        ("--retain-count", "-1"), ("--start-timeout", "0"),
                        ("--metrics-address", "0.0.0.0:9090"), ("--metrics-address", "[::]:9090"),
                        ("--metrics-address", "127.0.0.1"), ("--metrics-address", "example.org:1"),
                        ("--metrics-address", "127.0.0.1:0"), ("--runtime", "/no/such/runtime"),
                        ("--shim", "/no/such/shim"), ("unexpected",)):
            with self.subTest(options=options):
                refused = run(self.chock_argv("serve", *options), env=self.space.environment)
                self.assertEqual((refused.returncode, refused.stdout), (125, b""))
                self.assertEqual(refused.stderr.count(b"\n"), 1, refused.stderr)
                self.assertTrue(refused.stderr.startswith(b"chock: "), refused.stderr)


class SocketActivation(ServeCase):
    """Under a service manager that has made the socket (sd_listen_fds(3))."""

    def setUp(self):
        super().setUp()
        self.path = self.space.file("activated")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.closed_at_end(self.listener)

    def serve_activated(self):
        """As a manager starts a service: the socket becomes descriptor 3, LISTEN_PID its pid."""
        number = fcntl.fcntl(self.listener, fcntl.F_DUPFD_CLOEXEC, 10)
        script = f"exec 3<&{number} {number}<&-; LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=a " \
                 "exec \"$@\""
        try:
            return self.serve(wrapper=("/bin/bash", "-c", script, "bash"), pass_fds=(number,),
                              socket_path=self.path)
        finally:
            os.close(number)

    def test_clients_wait_in_the_socket_until_it_serves(self):
        early = Client(self.path)
        self.closed_at_end(early)
        number = early.send("list")
        server = self.serve_activated()
        self.assertEqual(early.result(number), {"containers": []})
        self.assertEqual(server.stop(), 0)
        self.assertTrue(os.path.exists(self.path), "the socket is its maker's to remove")
        late = Client(self.path)
        self.closed_at_end(late)
        number = late.send("list")
        server = self.serve_activated()
        self.assertEqual(late.result(number), {"containers": []})
        self.assertEqual(server.stop(), 0)

    def test_containers_and_runtime_see_nothing_of_it(self):
        """Neither variables nor descriptors of the service manager reach what is spawned."""
        out = self.space.file("out")
        seen = self.space.file("seen")
        runtime = self.space.file("runtime")
        Path(runtime).write_text(
            f"#!/bin/sh\nenv >> {seen}\nls -l /proc/$$/fd >> {seen}\n"
            f"exec {self.runtime.path} \"$@\"\n", encoding="utf-8")
        os.chmod(runtime, 0o755)
        server = self.serve_activated()
        client = server.connect()
        client.call("events")
        container = self.space.new_id()
        client.call("start", id=container, bundle=self.space.shell("env; ls -l /proc/self/fd").path,
                    runtime=runtime, stdio={"log": out})
        client.wait_event("exit", container, "init")
        self.assertEqual(server.stop(), 0)
        for path in (out, seen):
            text = Path(path).read_text(encoding="utf-8")
            self.assertIn("PATH=", text)
            for forbidden in ("NOTIFY_SOCKET", "LISTEN_", "socket:"):
                self.assertNotIn(forbidden, text)

    def test_no_socket_where_one_was_promised(self):
        for count in ("1", "2", "x"):
            refused = run(["/bin/bash", "-c", f"exec 3<&-; LISTEN_FDS={count} LISTEN_PID=$$ exec "
                           "\"$@\"", "bash", *self.chock_argv("serve")], env=self.space.environment)
            self.assertEqual(refused.returncode, 125)
            self.assertRegex(refused.stderr, rb"^chock: listen .*\n$")

    def test_announced_to_the_command_line(self):
        server = self.serve_activated()
        lock = json.loads(Path(self.space.state_root, "lock").read_text(encoding="utf-8"))
        self.assertEqual(lock, {"pid": server.pid, "socket": self.path})
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
