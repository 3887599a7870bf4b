# SPDX-License-Identifier: Apache-2.0
"""Where a process's stdio may lead: FIFOs, files, /dev/null; and how stdin ends."""

import hashlib
import os
import sys

from harness import Deadline, main
from harness.process import wait_fd
from harness.shim_case import ShimCase, Stdio

_MIB = 1 << 20


class Files(ShimCase):

    def test_fifos(self):
        """A mebibyte of random bytes on each, unchanged."""
        streams = {name: os.urandom(_MIB) for name in ("out", "err")}
        for name, data in streams.items():
            with open(f"{self.space.rootfs}/etc/{name}", "wb") as out:
                out.write(data)
        outcome = self.run_container(self.space.shell("cat /etc/err >&2 & cat /etc/out; wait"))
        self.assertEqual(outcome.status, 0)
        for got, name in ((outcome.stdout, "out"), (outcome.stderr, "err")):
            self.assertEqual(hashlib.sha256(got).digest(),
                             hashlib.sha256(streams[name]).digest(), name)

    def test_regular_files(self):
        """Input is read to its end; output is appended, so an older log is kept."""
        stdin = self.space.file("in", b"some input")
        out, err = self.space.file("out", b"older\n"), self.space.file("err", b"")
        container = self.launched(self.space.shell("cat; echo sorry >&2"), Stdio(stdin, out, err))
        self.assertEqual(self.finish(container), 0)
        with open(out, "rb") as source:
            self.assertEqual(source.read(), b"older\nsome input")
        with open(err, "rb") as source:
            self.assertEqual(source.read(), b"sorry\n")

    def test_one_file_for_both(self):
        """stdout and stderr may be the same file: neither overwrites the other."""
        path = self.space.file("log", b"")
        script = "for i in $(seq 100); do echo out; echo err >&2; done"
        container = self.launched(self.space.shell(script), Stdio("/dev/null", path, path))
        self.assertEqual(self.finish(container), 0)
        with open(path, "rb") as source:
            lines = source.read().split()
        self.assertEqual((lines.count(b"out"), lines.count(b"err")), (100, 100))

    def test_dev_null(self):
        """End-of-file at once, and output goes nowhere."""
        container = self.launched(self.space.shell("cat; echo gone; echo gone >&2; exit 4"))
        self.assertEqual(self.finish(container), 4)

    def test_full_device(self):
        """A sink that refuses is no reason to stop the container."""
        script = "head -c 1000000 /dev/zero && exit 6"
        container = self.launched(self.space.shell(script), Stdio("/dev/null", "/dev/full"))
        self.assertEqual(self.finish(container), 6)

    def test_bytes_are_counted(self):
        """exit.json tells how much was read and delivered per stream."""
        outcome = self.launched_and_recorded("printf 12345; printf 123 >&2")
        self.assertIn('"stdout":{"read":5,"delivered":5}', outcome)
        self.assertIn('"stderr":{"read":3,"delivered":3}', outcome)

    def launched_and_recorded(self, script):
        out, err = self.output(), self.output()
        container = self.launched(self.space.shell(script), Stdio("/dev/null", out.path, err.path))
        container.init.await_hangup()
        text = (container.init.directory / "exit.json").read_text(encoding="utf-8")
        self.finish(container, [out, err])
        return text


class Input(ShimCase):

    def test_fifo_to_end_of_file(self):
        """close-stdin, and all of what was written before arrives first."""
        source, out = self.input(), self.output()
        container = self.launched(self.space.bundle("/bin/cat"), Stdio(source.path, out.path))
        data = os.urandom(50_000)
        source.write(data)
        container.init.close_stdin()
        source.close()
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(out.data, data)

    def test_a_client_that_leaves_is_no_end(self):
        """Without close-stdin, clients may come and go."""
        source, out = self.input(), self.output()
        container = self.launched(self.space.bundle("/bin/cat"), Stdio(source.path, out.path))
        source.write(b"one\n")
        out.read_until(b"one\n")
        source.close()
        again = os.open(source.path, os.O_WRONLY | os.O_NONBLOCK)
        os.write(again, b"two\n")
        out.read_until(b"two\n")
        container.init.close_stdin()
        os.close(again)
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(out.data, b"one\ntwo\n")

    def test_close_stdin_while_a_client_holds_it(self):
        """End-of-file comes when that client goes, not before."""
        source, out = self.input(), self.output()
        container = self.launched(self.space.bundle("/bin/cat"), Stdio(source.path, out.path))
        container.init.close_stdin()
        source.write(b"after the message\n")
        out.read_until(b"after the message\n")
        source.close()
        self.assertEqual(self.finish(container, [out]), 0)

    def test_close_stdin_before_start(self):
        """It is remembered."""
        source, out = self.input(), self.output()
        container = self.launched(self.space.bundle("/bin/cat"), Stdio(source.path, out.path),
                                  start=False)
        container.init.close_stdin()
        source.write(b"early")
        source.close()
        container.start()
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(out.data, b"early")

    def test_close_stdin_before_the_shim_runs(self):
        """The message waits in the FIFO (R-51b); what was written comes first."""
        source, out = self.input(), self.output()
        bundle = self.space.bundle("/bin/cat")
        container = self.container(bundle)
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(bundle.process, Stdio(source.path, out.path), False))
        self.addCleanup(process.close)
        process.close_stdin()
        source.write(b"early")
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        process.await_pid()
        source.close()
        container.start()
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(out.data, b"early")

    def test_close_stdin_twice(self):
        """Once is enough; more is fine, and so is a resize without a terminal."""
        source = self.input()
        container = self.launched(self.space.bundle("/bin/cat"), Stdio(source.path))
        for _ in range(3):
            container.init.close_stdin()
            container.init.resize(80, 24)
        source.close()
        self.assertEqual(self.finish(container), 0)

    def test_nobody_ever_writes(self):
        """A stdin FIFO without a client delays nothing."""
        container = self.launched(self.space.shell("exit 3"), Stdio(self.space.fifo("lonely")))
        self.assertEqual(self.finish(container), 3)

    def test_malformed_control_lines(self):
        """Each is dropped without harm to the next: the good one at the end still works."""
        source = self.input()
        container = self.launched(self.space.bundle("/bin/cat"), Stdio(source.path))
        for junk in ("garbage\n", "1 84\n", "1 87 31 9\n", "9" * 25 + " 0 0\n", "0x10 0 0\n",
                     "\n", "-1 -1 -1\n", "7 1 1\n", "\x00\xff\n", "z" * 3000 + "\n"):
            container.init.control(junk)
        container.init.control("0 ")  # split writes are put together
        container.init.control("0 0\n")
        source.close()
        self.assertEqual(self.finish(container), 0)


class Container(ShimCase):

    def test_reads_only_what_it_wants(self):
        """A container that closes stdin and lives on; its client is told so as by any pipe, instead
        of being stuck once the FIFO is full."""
        source, out = self.input(), self.output()
        script = "exec <&-; echo closed; sleep 1000 & echo $! > /tmp/p; wait"
        container = self.launched(self.space.shell(script), Stdio(source.path, out.path))
        out.read_until(b"closed")
        client = os.open(source.path, os.O_WRONLY)
        source.close()  # which could have read it, too
        with self.assertRaises(BrokenPipeError):
            while True:
                os.write(client, b"x" * 1000)
        os.close(client)
        self.assertIsNone(container.init.shim.poll())
        container.init.kill(9)
        self.assertEqual(self.finish(container, [out]), 137)

    def test_closes_its_output_and_lives_on(self):
        """The end of a stream is not the end of the process, nor passed on early (R-17)."""
        out, go_on = self.output(), self.input()
        container = self.launched(self.space.shell("echo last; exec >&- 2>&-; read line; exit 11"),
                                  Stdio(go_on.path, out.path))
        out.read_until(b"last\n")
        with self.assertRaises(TimeoutError):
            container.init.await_hangup(0.2)
        self.assertFalse(out.ended)
        go_on.write(b"\n")
        self.assertEqual(self.finish(container, [out]), 11)

    def test_reopens_its_stdout(self):
        """/dev/stdout is a pipe of the container's own user, so it may be opened by name."""
        out = self.output()
        bundle = self.space.shell("echo again > /proc/self/fd/1")
        container = self.launched(bundle, Stdio(stdout=out.path))
        self.assertEqual(self.finish(container, [out]), 0)
        self.assertEqual(out.data, b"again\n")


class Readers(ShimCase):

    def test_leave_and_return(self):
        """What was written in between waits in the FIFO."""
        out, go_on = self.output(), self.input()
        script = "echo first; read line; echo second; read line"
        container = self.launched(self.space.shell(script), Stdio(go_on.path, out.path))
        out.read_until(b"first\n")
        for _ in range(20):
            out.close()
            out.reopen()
        out.close()
        go_on.write(b"\n")
        out.reopen()
        out.read_until(b"second\n")
        go_on.write(b"\n")
        self.assertEqual(self.finish(container, [out]), 0)

    def test_late_reader(self):
        """Nothing is created before every output has its reader."""
        path = self.space.fifo("late")
        container = self.container(self.space.shell("echo hello"), runtime=self.logging_runtime())
        process = container.init = container.new_process("init")
        process.prepare(container.process_json(container._config()["process"],
                                               Stdio(stdout=path), False))
        process.spawn_shim([container.shim, container.id, container.bundle, container.runtime],
                           env=container.env)
        # The shim has the FIFO open for writing now or soon; opening it lets the launch go on.
        self.assertEqual(self.logged_calls(), [])
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        process.await_pid()
        container.start()
        wait_fd(reader, 1, Deadline())
        self.assertEqual(os.read(reader, 100), b"hello\n")
        os.close(reader)
        self.assertEqual(self.finish(container), 0)


if __name__ == "__main__":
    sys.exit(main())
