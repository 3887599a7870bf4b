# SPDX-License-Identifier: Apache-2.0
"""Further processes in a container, each with a shim of its own."""

import hashlib
import os
import signal
import sys

from harness import DEADLINE, main, parametrised
from harness.shim_case import ShimCase, StartError, Stdio, collect


class Exec(ShimCase):

    def setUp(self):
        super().setUp()
        out = self.output("init-out")
        self.bundle = self.space.shell("echo up; exec sleep 1000")
        self.holder = self.launched(self.bundle, Stdio(stdout=out.path))
        self.init_out = out
        out.read_until(b"up")

    def tearDown(self):
        if self.holder.init.exit_status() == 255:  # not known yet
            self.holder.init.kill(signal.SIGKILL)
        self.assertEqual(self.finish(self.holder, [self.init_out]), 137)
        super().tearDown()

    def exec(self, *args, stdio=Stdio(), name="extra", **changes):
        process = self.holder.exec(name, self.exec_spec(self.bundle, *args), stdio, **changes)
        self.addCleanup(process.close)
        return process

    @parametrised({str(code): (code,) for code in (0, 1, 42, 127, 255)})
    def test_code(self, code):
        """Its own status, and init lives on."""
        process = self.exec("/bin/sh", "-c", f"exit {code}")
        self.assertEqual(process.wait(), code)
        self.assertEqual(self.runtime.state(self.holder.id)["status"], "running")

    @parametrised({name: (getattr(signal, name),) for name in ("SIGKILL", "SIGTERM", "SIGUSR1")})
    def test_death_by(self, number):
        process = self.exec("/bin/sleep", "1000")
        process.kill(number)
        self.assertEqual(process.wait(), 128 + number)

    def test_output(self):
        """A mebibyte on each stream."""
        data = os.urandom(1 << 20)
        with open(f"{self.space.rootfs}/etc/data", "wb") as target:
            target.write(data)
        out, err = self.output(), self.output()
        process = self.exec("/bin/sh", "-c", "cat /etc/data & cat /etc/data >&2; wait",
                            stdio=Stdio("/dev/null", out.path, err.path))
        for got in collect([out, err]):
            self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(data).digest())
        self.assertEqual(process.wait(), 0)

    def test_input(self):
        """close-stdin works as it does for init."""
        source, out = self.input(), self.output()
        process = self.exec("/bin/cat", stdio=Stdio(source.path, out.path))
        source.write(b"hello")
        process.close_stdin()
        source.close()
        self.assertEqual(process.wait(), 0)
        self.assertEqual(out.read_until(b"hello"), b"hello")

    def test_sees_the_container(self):
        """Its environment, directory and user are what process.json says."""
        out = self.output()
        spec = self.exec_spec(self.bundle, "/bin/sh", "-c", "echo $COLOUR $(pwd) $(id -u):$(id -g)",
                              env=["PATH=/bin", "COLOUR=green"], cwd="/tmp",
                              user={"uid": 5, "gid": 6})
        process = self.holder.exec("extra", spec, Stdio(stdout=out.path))
        self.assertEqual(process.wait(), 0)
        self.assertEqual(out.read_until(b"\n"), b"green /tmp 5:6\n")

    def test_waits_for_who_holds_its_output(self):
        """`sh -c 'something &'` has ended when the background job lets go of stdout."""
        out, go_on = self.output(), self.input()
        # A background job's stdin is /dev/null unless it is redirected.
        process = self.exec("/bin/sh", "-c", "exec 3<&0; cat <&3 & exit 3",
                            stdio=Stdio(go_on.path, out.path))
        self.await_status(process, "3")
        with self.assertRaises(TimeoutError):
            process.await_hangup(0.3)
        process.close_stdin()
        go_on.close()
        self.assertEqual(process.wait(), 3)

    def test_does_not_wait_for_a_quiet_orphan(self):
        """One with its descriptors redirected is nobody's business."""
        out = self.output()
        script = "sleep 1000 < /dev/null > /dev/null 2>&1 & exit 4"
        process = self.exec("/bin/sh", "-c", script, stdio=Stdio(stdout=out.path))
        self.assertEqual(process.wait(), 4)

    def test_many_at_once(self):
        """Ten, each with its own status."""
        processes = [self.exec("/bin/sh", "-c", f"exit {n}", name=f"extra{n}") for n in range(10)]
        self.assertEqual([process.wait() for process in processes], list(range(10)))

    def test_init_ends_first(self):
        """The exec dies with the container, and both are reported."""
        process = self.exec("/bin/sleep", "1000")
        self.holder.init.kill(signal.SIGKILL)
        self.assertEqual(process.wait(), 137)
        self.holder.init.await_hangup()

    def test_command_that_does_not_exist(self):
        """The runtime's refusal: no pid, no exit status, no error of the shim's."""
        with self.assertRaises(StartError) as raised:
            self.exec("/bin/no-such-command")
        self.assertIn("oci runtime error: ", str(raised.exception))
        self.assertIn("no-such-command", str(raised.exception))
        process = self.holder.new_process("extra")
        self.assertEqual(self.errors(process), [])
        self.assertFalse((process.directory / "pid").exists())
        self.assertFalse((process.directory / "exitStatus").exists())


class Race(ShimCase):
    """An exec while its container dies (R-10): whatever comes first, the shim says what has become
    of it and ends, and nothing is left of either."""

    def test_exec_into_a_dying_container(self):
        """Init is killed a little later each time."""
        bundle = self.space.shell("exec sleep 1000")
        for turn in range(12):
            with self.subTest(turn=turn):
                container = self.launched(bundle)
                process = container.new_process("extra")
                process.prepare(container.process_json(
                    self.exec_spec(bundle, "/bin/sleep", "1000"), Stdio(), True))
                process.spawn_shim([container.shim, container.id, container.bundle,
                                    container.runtime], env=container.env)
                for _ in range(turn * 500):
                    os.sched_yield()
                container.init.kill(signal.SIGKILL)
                self.assert_told(process)
                self.assertEqual(self.finish(container), 137)

    def assert_told(self, process):
        """Either it was a process, and then its end is on record; or it never was one, and then
        one of the logs has the reason."""
        process.await_hangup()
        code = process.shim.wait(DEADLINE)
        process.close()
        if (process.directory / "pid").exists():
            self.assertEqual((process.directory / "exitStatus").read_text(), "137")
            self.assertEqual(code, 0)
            return
        self.assertFalse((process.directory / "exitStatus").exists())
        if process.start_error() == "container not started":
            # crun's own exec is killed with the container, or finds itself without it and fails
            # without a word; either is told, and is no error (§3.4).
            told, = [record["msg"] for record in self.shim_log(process)]
            self.assertRegex(told, rf"^{self.runtime.path} exec: (signal 9|exit status 255)$")


if __name__ == "__main__":
    sys.exit(main())
