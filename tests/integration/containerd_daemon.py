# SPDX-License-Identifier: Apache-2.0
"""chock-containerd as a process: its command line, its socket, its beginning and its end."""

import grp
import json
import os
import signal
import socket
import stat
import sys
import time

from harness import main
from harness.containerd import FOREVER, ContainerdCase
from harness.ports import free_port
from harness.process import await_asleep, run, wait_until
from harness.stopped_thread import StoppedThread

_SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")


class DaemonProcess(ContainerdCase):

    def output(self, *words):
        """Of a run that ends by itself: exit code, stdout, stderr."""
        done = run([self.daemon_path, *words], env=self.space.environment)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def refused_start(self, *flags, state_root=None):
        code, out, err = self.output("--state-dir", state_root or self.space.state_root, *flags)
        self.assertEqual((code, out), (1, ""), err)
        return err

    # -- the command line -----------------------------------------------------------------------

    def test_version(self):
        for word in ("--version", "-version", "-v", "--v"):
            code, out, err = self.output(word)
            self.assertEqual((code, err), (0, ""))
            self.assertRegex(out, r"^containerd version 0\.2\.3 commit: chock-\d+\.\d+\.\d+\n$")

    def test_help(self):
        code, help_text, _ = self.output("--help")
        self.assertEqual(code, 0)
        self.assertIn("--start-timeout", help_text)
        for word in ("-h", "help", "h"):
            self.assertEqual(self.output(word), (0, help_text, ""))

    def test_mistakes(self):
        for words, text in ((("--wrong",), "flag provided but not defined: -wrong"),
                            (("--start-timeout", "soon"), 'invalid value "soon"'),
                            (("--listen",), "flag needs an argument: -listen"),
                            (("serve",), 'unexpected word "serve"')):
            self.assertIn(f"chock-containerd: {text}", self.refused_start(*words))
        self.assertIn("expected proto://address", self.refused_start("-l", "/a/path"))
        self.assertIn('invalid protocol format: "http"', self.refused_start("-l", "http://x"))
        self.assertIn("can't create unix socket /no/such/dir/s: ",
                      self.refused_start("-l", "unix:///no/such/dir/s"))
        self.assertIn("passed no socket", self.refused_start("-l", "fd://"))

    def test_flags_without_effect_are_told_once(self):
        server = self.daemon("--pprof-address", "localhost:1", "--graphite-address=localhost:2",
                             "-metrics-interval", "5s", "--log-level", "loud", "--debug=false")
        self.assertEqual(server.stop(), 0)
        for flag in ("--pprof-address", "--graphite-address", "--metrics-interval",
                     "--log-level loud"):
            self.assertEqual(server.log().count(flag + " is "), 1, server.log())

    def test_what_docker_passes_is_nothing_to_talk_about(self):
        server = self.daemon("--metrics-interval=0", "--start-timeout", "2m", "--debug")
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("without effect", server.log())

    # -- the socket -----------------------------------------------------------------------------

    def test_socket(self):
        server = self.daemon(wrapper=("/usr/bin/setpriv", "--regid", "adm", "--clear-groups"))
        info = os.stat(server.socket_path)
        self.assertTrue(stat.S_ISSOCK(info.st_mode))
        self.assertEqual((stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid),
                         (0o660, 0, grp.getgrnam("adm").gr_gid))
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(server.socket_path))

    def test_live_server_is_not_robbed(self):
        """D75: neither of its directory nor of its socket."""
        server = self.daemon()
        self.assertIn(f"served by process {server.pid}",
                      self.refused_start("-l", f"unix://{self.space.file('other.sock')}"))
        other = self.space.file("other")
        self.assertIn("in use by another server", self.refused_start(
            "-l", f"unix://{server.socket_path}", state_root=other))
        self.assertEqual(server.client().Check().status, 1)
        server.kill()
        self.assertEqual(self.daemon().stop(), 0)  # what a dead one has left behind is

    def test_refused_start_changes_nothing_of_a_live_daemon(self):
        """One that takes no lock: its socket is what it is known by, and its log stays as it is,
        with what we would number and cut."""
        root = self.space.file("theirs")
        os.mkdir(root)
        log_path, address = os.path.join(root, "events.log"), os.path.join(root, "containerd.sock")
        event = b'{"id":"a","type":"exit","timestamp":"2020-01-02T03:04:06Z","pid":"init"}\n'
        with socket.socket(socket.AF_UNIX) as theirs, open(log_path, "ab") as log:
            theirs.bind(address)
            theirs.listen()
            os.fchmod(log.fileno(), 0o755)
            log.write(event + b'{"id":"a","ty')
            log.flush()
            before = os.stat(log_path)
            self.assertIn("in use by another server",
                          self.refused_start("-l", f"unix://{address}", state_root=root))
            after = os.stat(log_path)
            self.assertEqual((after.st_ino, after.st_mode, after.st_size, after.st_mtime_ns),
                             (before.st_ino, before.st_mode, before.st_size, before.st_mtime_ns))
            log.write(b'pe":"oom"}\n')
        with open(log_path, "rb") as kept:
            self.assertEqual(kept.read(), event + b'{"id":"a","type":"oom"}\n')

    def test_socket_of_the_commands(self):
        """chock's own find the server by theirs, which speaks another protocol."""
        for path in (f"{self.space.state_root}/chock.sock",
                     f"{self.space.root}/./state//chock.sock"):
            self.assertIn(f"listen {path}: chock's own commands connect there, choose another path",
                          self.refused_start("-l", f"unix://{path}"))

    def test_socket_that_is_something_else(self):
        path = self.space.file("c.sock", b"precious")
        self.assertIn("not a socket", self.refused_start("-l", f"unix://{path}"))
        with open(path, "rb") as kept:
            self.assertEqual(kept.read(), b"precious")

    def test_socket_activation(self):
        path = self.space.file("activated.sock")
        listening = self.closed_at_end(socket.socket(socket.AF_UNIX))
        listening.bind(path)
        listening.listen()
        number = listening.fileno()
        wrapper = ("/bin/sh", "-c", f"export LISTEN_PID=$$ LISTEN_FDS=1; exec 3<&{number} "
                   f"{'' if number == 3 else f'{number}<&-'}; exec \"$@\"", "sh")
        for address in ("fd://", "fd://*"):
            server = self.daemon(listen=address, wrapper=wrapper, pass_fds=(number,))
            server.listen = f"unix://{path}"
            self.assertEqual(server.client().Check().status, 1)
            self.assertEqual(server.stop(), 0)
            self.assertTrue(os.path.exists(path), "it is the service manager's")

    def test_tcp_is_for_this_machine(self):
        port = free_port()
        server = self.daemon(listen=f"tcp://127.0.0.1:{port}")
        self.assertEqual(server.client().Check().status, 1)
        self.assertEqual(server.stop(), 0)
        self.assertIn("0.0.0.0", self.refused_start("-l", "tcp://0.0.0.0:2376"))

    # -- beginning and end ----------------------------------------------------------------------

    def test_signals_leave_containers_alone(self):
        container = None
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.daemon()
            client = server.client()
            if container is None:
                container, pid = self.create(client, self.space.shell(FOREVER))
            self.assertEqual(server.stop(number), 0)
            os.kill(pid, 0)
        server = self.daemon()
        client = server.client()
        stream = client.events().subscribed()
        info, = client.State().containers
        self.assertEqual((info.id, info.status, info.processes[0].systemPid),
                         (container, "running", pid))
        client.AddProcess(id=container, pid="e", cwd="/", args=["/bin/sh", "-c", "exit 9"])
        self.assertEqual(stream.wait_exit(container, "e").status, 9)
        self.end(client, stream, container)
        stream.cancel()
        self.assertEqual(server.stop(), 0)

    def test_user_signals_have_no_effect(self):
        """The original dumps its stacks on SIGUSR1. Containers have them as they always are."""
        server = self.daemon(shim=os.path.join(_SUPPORT, "plain_shim.py"))
        client = server.client()
        stream = client.events().subscribed()
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            server.child.send_signal(number)
        container, pid = self.create(client, self.space.shell("exec sleep 1000"))
        self.assertEqual(client.Check().status, 1)
        for each in (pid, self.shim_of(pid)):
            with open(f"/proc/{each}/status", encoding="utf-8") as status:
                ignored = next(int(line.split()[1], 16) for line in status
                               if line.startswith("SigIgn:"))
            for number in (signal.SIGUSR1, signal.SIGUSR2):
                self.assertEqual(ignored & 1 << number - 1, 0, each)
        self.end(client, stream, container)
        stream.cancel()
        self.assertEqual(server.stop(), 0)

    def test_end_in_the_middle_of_a_create(self):
        """It is undone before the daemon ends."""
        server = self.daemon()
        container = self.space.new_id()
        out = self.space.fifo("out")  # without a reader
        call = server.client().future("CreateContainer", id=container, stdout=out,
                                      bundlePath=self.space.shell("exit 0").path)
        wait_until(lambda: (self.directory(container) / "init" / "shim.lock").exists(),
                   "the shim does not start")
        self.assertEqual(server.stop(), 0)
        self.assertIn(call.code().value[0], (1, 14))
        self.assertFalse(self.directory(container).exists())

    def test_second_signal_does_not_wait(self):
        """A runtime that hangs while a create is being undone keeps the first from ending the
        daemon, not the second."""
        home = self.space.file("fake")
        os.mkdir(home)
        here, go = os.path.join(home, "here"), os.path.join(home, "go")
        for path in (here, go):
            os.mkfifo(path)
        script = os.path.join(home, "script.json")
        with open(script, "w", encoding="utf-8") as out:
            json.dump({verb: {"notify": here, "wait": go} for verb in ("start", "delete")}, out)
        options = {"runtime": os.path.join(_SUPPORT, "fake_runtime"),
                   "env": {"FAKE_RUNTIME_DIR": home}}
        server = self.daemon(**options)
        container = self.space.new_id()
        call = server.client().future("CreateContainer", id=container,
                                      bundlePath=self.space.bundle("x").path)
        for _ in range(2):  # when `start` hangs, and when `delete` does
            with open(here, "rb") as notice:
                notice.read()
            self.assertIsNone(server.child.poll())
            server.child.send_signal(signal.SIGTERM)
        self.assertEqual(server.child.wait(10), 0)
        self.assertIn(call.code().value[0], (1, 14))
        os.unlink(script)
        self._let_go(go)
        pid = int((self.directory(container) / "init" / "pid").read_text(encoding="utf-8"))
        os.kill(pid, signal.SIGKILL)
        server = self.daemon(**options)  # the directory is free
        self.assertEqual(server.stop(), 0)
        self.remove_directory(container)

    @staticmethod
    def _let_go(fifo):
        """Of the runtime that waits for it."""
        with open(fifo, "wb"):
            pass

    def test_health_and_version_while_the_loop_is_busy(self):
        """The thread that does the work is stopped; whoever asks for health has three seconds, and
        may be somebody new."""
        server = self.daemon()
        client = server.client()
        client.State()
        self.await_rest(server)  # so that it has let go of gRPC, to which it gives its answers
        with StoppedThread(server.pid):
            pending = client.future("State")
            for each in (client, server.client()):
                self.assertEqual(each.Check(seconds=3).status, 1)
                self.assertEqual(each.GetServerVersion(seconds=3).minor, 2)
            self.assertFalse(pending.done())
        self.assertGreater(pending.result(10).machine.cpus, 0)
        self.assertEqual(server.stop(), 0)

    @staticmethod
    def loop_switches(server):
        """Context switches of the thread that does the work."""
        with open(f"/proc/{server.pid}/task/{server.pid}/status", encoding="utf-8") as status:
            return [line for line in status if "ctxt_switches" in line]

    def await_rest(self, server):
        """Until that thread has slept for a while; what it has counted by then."""
        before, settled = self.loop_switches(server), None
        while before != settled:
            settled, _ = before, time.sleep(0.3)
            before = self.loop_switches(server)
        return before

    def test_no_descriptor_reaches_a_container(self):
        server = self.daemon()
        client = server.client()
        stream = client.events().subscribed()
        container, pid = self.create(client, self.space.shell("exec sleep 1000"))
        await_asleep(pid, "nanosleep")  # the container's program, not yet the runtime before
        for each in (pid, self.shim_of(pid)):
            targets = [os.readlink(f"/proc/{each}/fd/{name}")
                       for name in os.listdir(f"/proc/{each}/fd")]
            self.assertFalse([target for target in targets if target.startswith("socket:")],
                             targets)
        self.end(client, stream, container)
        stream.cancel()
        self.assertEqual(server.stop(), 0)

    @staticmethod
    def shim_of(pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
            return int(source.read().rpartition(")")[2].split()[1])

    def test_idle_costs_nothing_of_the_loop(self):
        """The thread that does the work sleeps when nobody asks for anything."""
        server = self.daemon()
        client = server.client()
        stream = client.events().subscribed()
        container, _ = self.create(client, self.space.shell("exec sleep 1000"))
        before = self.await_rest(server)
        time.sleep(2)
        self.assertEqual(self.loop_switches(server), before)
        self.end(client, stream, container)
        stream.cancel()
        self.assertEqual(server.stop(), 0)

    # -- shims ----------------------------------------------------------------------------------

    def test_shim_that_is_not_installed(self):
        """The daemon looks after what it has; what cannot be started says why."""
        server = self.daemon(shim="docker-no-such-shim")
        client = server.client()
        self.assertEqual(
            self.refused(client.CreateContainer, id=self.space.new_id(),
                         bundlePath=self.space.shell("exit 0").path),
            (2, "docker-no-such-shim not installed on system"))
        self.assertEqual(server.stop(), 0)
        self.assertIn("docker-no-such-shim not installed on system", server.log())

    def test_shim_of_the_original_kind(self):
        server = self.daemon(shim=os.path.join(_SUPPORT, "plain_shim.py"))
        client = server.client()
        stream = client.events().subscribed()
        container, _ = self.create(client, self.space.shell(FOREVER))
        client.AddProcess(id=container, pid="e", cwd="/", args=["/bin/sh", "-c", "exit 9"])
        self.assertEqual(stream.wait_exit(container, "e").status, 9)
        client.AddProcess(id=container, pid="f", cwd="/", args=["/bin/sleep", "1000"])
        self.end(client, stream, container)
        self.assertEqual(stream.of(container), [
            ("start-container", "", 0), ("start-process", "e", 0), ("exit", "e", 9),
            ("start-process", "f", 0), ("exit", "f", 137), ("exit", "init", 137)])
        self.assertFalse(self.directory(container).exists())
        stream.cancel()
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
