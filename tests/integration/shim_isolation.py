# SPDX-License-Identifier: Apache-2.0
"""What a process inherits from its shim: its stdio and nothing else."""

import os
import signal
import stat
import subprocess
import sys

from harness import DEADLINE, Deadline, main
from harness.process import wait_pidfd
from harness.shim_case import ShimCase, Stdio

# Two commands, so that the shell stays and the list is not of the descriptors of `ls`.
_LIST = "ls -l /proc/1/fd; true"

_CAP_SYS_RESOURCE = 24  # capabilities(7)


def _listed(text):
    """{descriptor: target} from what `ls -l` prints."""
    lines = [line.split() for line in text.splitlines() if " -> " in line]
    return {words[-3]: words[-1] for words in lines}


class Container(ShimCase):

    def output_of(self, script, **options):
        outcome = self.run_container(self.space.shell(script, **options))
        self.assertEqual(outcome.status, 0, outcome.stderr)
        return outcome.stdout.decode()

    def test_descriptors(self):
        """Three pipes (R-41)."""
        listed = _listed(self.output_of(_LIST))
        self.assertEqual(sorted(listed), ["0", "1", "2"])
        for target in listed.values():
            self.assertTrue(target.startswith("pipe:"), listed)

    def test_descriptors_on_a_terminal(self):
        """The terminal, three times."""
        out = self.output()
        bundle = self.space.shell(_LIST, terminal=True)
        container = self.launched(bundle, Stdio(stdout=out.path))
        self.assertEqual(self.finish(container, [out]), 0)
        listed = _listed(out.data.decode())
        self.assertLessEqual({"0", "1", "2"}, listed.keys())
        for name, target in listed.items():
            # The shell keeps a descriptor of its controlling terminal.
            self.assertIn(target, ("/dev/pts/0", "/dev/tty"), name)

    def test_working_directory(self):
        """Inside the container, with nothing of the host's behind it."""
        self.assertEqual(self.output_of("readlink /proc/1/cwd; pwd"), "/\n/\n")

    def test_signals(self):
        """Nothing blocked, nothing ignored, not even SIGPIPE (R-16)."""
        text = self.output_of("exec cat /proc/self/status")
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        for name in ("SigBlk", "SigIgn"):
            self.assertEqual(int(status[name], 16), 0, name)

    def test_signals_whatever_the_shim_inherited(self):
        """Not even if its own parent had blocked and ignored some."""
        out = self.output()
        container = self.container(self.space.bundle("/bin/cat", "/proc/self/status"))
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"],
                                               Stdio(stdout=out.path), False))
        blocked = {signal.SIGCHLD, signal.SIGUSR1, signal.SIGTERM}
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        ignored = [signal.signal(number, signal.SIG_IGN)
                   for number in (signal.SIGHUP, signal.SIGQUIT)]
        try:
            process.spawn_shim([container.shim, container.id, container.bundle,
                                container.runtime], env=container.env)
        finally:
            signal.signal(signal.SIGHUP, ignored[0])
            signal.signal(signal.SIGQUIT, ignored[1])
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
        process.await_pid()
        container.start()
        self.assertEqual(self.finish(container, [out]), 0)
        status = dict(line.split(":\t", 1) for line in out.data.decode().splitlines()
                      if ":\t" in line)
        self.assertEqual(int(status["SigBlk"], 16) | int(status["SigIgn"], 16), 0)

    def test_descriptors_that_the_shim_inherited(self):
        """A careless parent's descriptors end with the shim."""
        out = self.output()
        read_end, write_end = os.pipe()
        os.set_inheritable(write_end, True)
        container = self.container(self.space.shell(_LIST))
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"],
                                               Stdio(stdout=out.path), False))
        process.shim = subprocess.Popen(
            [container.shim, container.id, container.bundle, container.runtime],
            cwd=process.directory, env=container.env, pass_fds=[write_end], process_group=0,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write_end)
        process.await_pid()
        container.start()
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(sorted(_listed(out.data.decode())), ["0", "1", "2"])
        self.assertEqual(os.read(read_end, 1), b"", "somebody still holds the other end")
        os.close(read_end)

    def test_oom_score(self):
        """The shim protects itself, not the container (R-57)."""
        with open("/proc/self/oom_score_adj", encoding="utf-8") as source:
            ours = source.read()
        self.assertEqual(self.output_of("cat /proc/self/oom_score_adj"), ours)


class Shim(ShimCase):

    def test_oom_score(self):
        """Its own is lowered where the machine allows it (CAP_SYS_RESOURCE)."""
        with open("/proc/self/status", encoding="utf-8") as status:
            able = int(next(line for line in status if line.startswith("CapEff:")).split()[1], 16)
        expected = "-998" if able >> _CAP_SYS_RESOURCE & 1 else "0"
        with open(f"/proc/{self.held.init.shim.pid}/oom_score_adj", encoding="utf-8") as source:
            self.assertEqual(source.read().strip(), expected)

    def setUp(self):
        super().setUp()
        out = self.output()
        self.held = self.launched(self.space.shell("echo up; exec sleep 1000"),
                                        Stdio(stdout=out.path))
        out.read_until(b"up")
        self.out = out

    def tearDown(self):
        self.held.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(self.held, [self.out]), 137)
        super().tearDown()

    def test_signals_are_swallowed(self):
        """Every one that there is: none but SIGTERM, which asks it to end, has an effect."""
        shim = self.held.init.shim
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM}:
            shim.send_signal(number)
        with self.assertRaises(subprocess.TimeoutExpired):
            shim.wait(0.3)

    def test_files_are_private(self):
        """What the shim makes is 0600, FIFO and log alike."""
        directory = self.held.init.directory
        for name in ("shim-log.json", "pid", "shim.lock"):
            mode = stat.S_IMODE(os.stat(directory / name).st_mode)
            self.assertEqual(mode & 0o077, 0, f"{name} {oct(mode)}")

    def test_one_thread(self):
        tasks = os.listdir(f"/proc/{self.held.init.shim.pid}/task")
        self.assertEqual(len(tasks), 1)

    def test_lock_is_held(self):
        """Liveness is a lock: a second shim for the same process refuses (R-13)."""
        process = self.held.init
        second = subprocess.run(
            [self.shim_path, self.held.id, self.held.bundle, self.held.runtime],
            cwd=process.directory, timeout=DEADLINE, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertEqual(len(self.errors(process)), 1)
        self.assertEqual(self.runtime.state(self.held.id)["status"], "running")


class Stopped(ShimCase):

    def test_stopped_and_continued(self):
        """By SIGSTOP, which nobody can swallow: what happens meanwhile is seen afterwards."""
        container = self.launched(self.space.shell("exec sleep 1000"))
        process = container.init
        process.shim.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.shim.pid, os.WSTOPPED)
        process.kill(signal.SIGKILL)
        wait_pidfd(process.pid, Deadline(what="the process's end"))
        self.assertFalse((process.directory / "exitStatus").exists())
        process.shim.send_signal(signal.SIGCONT)
        self.assertEqual(self.finish(container), 137)


if __name__ == "__main__":
    sys.exit(main())
