# SPDX-License-Identifier: Apache-2.0
"""What chock prints, and where it cannot: help, suggestions, colours, closed and broken streams."""

import os
import pty
import sys

from harness import Deadline, main, run
from harness.cli_case import FOREVER, CliCase
from harness.process import read_until

_VERBS = ("run", "start", "exec", "attach", "kill", "wait", "state", "list", "ps", "stats", "events",
          "pause", "resume", "update", "resize", "close-stdin", "delete", "checkpoint create",
          "checkpoint list", "checkpoint delete", "restore", "serve")


class Output(CliCase):

    def shell(self, text, **options):
        """A shell's command line, in which $CHOCK is chock with the usual options."""
        environment = self.space.environment | {"CHOCK": " ".join(self.argv())}
        return run(["/bin/bash", "-c", text], env=environment, **options)

    # -- help

    def test_help_of_every_verb(self):
        overview = self.done("--help")
        for verb in _VERBS:
            self.assertIn(f"\n  {verb} ", overview)
            text = self.done(*verb.split(), "--help")
            self.assertIn(f"Usage: chock {verb}", text)
            self.assertIn(f"Example:\n  chock {verb}", text)
            self.assertIn("--state-dir", text)
        listed = overview.split("Verbs:\n")[1].split("\n\n")[0].splitlines()
        self.assertEqual(len(listed), len(_VERBS), listed)

    def test_suggestions(self):
        for typed, meant in (("rnu", "run"), ("lst", "list"), ("delet", "delete"),
                             ("close-stdni", "close-stdin")):
            self.refused(self.chock(typed), f"unknown verb '{typed}'", f"did you mean '{meant}'?")
        self.refused(self.chock("checkpoint"), "checkpoint create", "checkpoint list")
        self.refused(self.chock("checkpoint", "xyzzy"), "checkpoint create", "checkpoint list")
        self.refused(self.chock("checkpoint", "creat", "c"), "unknown verb 'checkpoint creat'",
                     "did you mean 'checkpoint create'?")
        self.refused(self.chock("xyzzy"), "see chock --help")
        self.refused(self.chock("state", "--no-such"), "state", "--no-such")
        self.refused(self.chock("state", "a", "b"), "state", "'b'")

    def test_missing_words(self):
        """Named, with the verb; one that is given and empty is not missing."""
        for verb in _VERBS:
            usage = self.done(*verb.split(), "--help").split("[OPTIONS] ")[1].splitlines()[0]
            needed = [word for word in usage.split() if word[0] != "[" and word[-1] != "]"]
            for given, word in enumerate(needed):
                if word != "CMD":  # an option may stand for it
                    self.refused(self.chock(*verb.split(), *["1"] * given),
                                 f"chock: {verb}: no {word} given; see chock {verb} --help\n")
        bundle = self.space.shell("exit 0").path
        self.refused(self.chock("run", "-b", bundle), "chock: run: no ID given; ")
        self.refused(self.chock("run", "-b", bundle, ""), "container id cannot be empty")
        self.refused(self.chock("state", ""), "container id cannot be empty")
        self.refused(self.chock("state", "--no-such"), "unknown option '--no-such'")

    def test_global_options_before_and_after_the_verb(self):
        container = self.start()
        state = self.answer("state", container)
        for words in (["--json", "state", container], ["state", "--json", container],
                      ["state", container, "--json"]):
            self.assertIn(container, self.done(*words))
        path = self.space.state_root
        for words in ([self.chock_path, "--state-dir", path, "list", "--json"],
                      [self.chock_path, "list", "--json", "--state-dir", path]):
            self.assertEqual(run(words).stdout, self.chock("list", "--json").stdout)
        self.assertEqual(state["id"], container)

    # -- colours

    def listing_on_a_terminal(self, **environment):
        master, slave = pty.openpty()
        child = self.spawn(self.argv("list"), stdout=slave,
                           env=self.space.environment | {"TERM": "xterm"} | environment)
        try:
            os.close(slave)
            text = read_until(master, b"/bundles/", Deadline(what="the list"))
            self.assertEqual(child.wait(30), 0)
            return text
        finally:
            os.close(master)

    def test_colours(self):
        """On a terminal, unless NO_COLOR is set or it is a dumb one."""
        self.start()
        self.assertIn(b"\x1b[32mrunning\x1b[0m", self.listing_on_a_terminal())
        self.assertNotIn(b"\x1b", self.listing_on_a_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.listing_on_a_terminal(TERM="dumb"))
        self.assertNotIn("\x1b", self.done("list"))

    def test_nothing_of_a_container_is_interpreted(self):
        """Names that a container chose reach the terminal without control characters."""
        container = self.start("exec sleep 1000", "--label", "x\x1b[31my\x9b\n\u009b")
        for words in (["state", container], ["list"]):
            text = self.chock(*words).stdout
            self.assertNotIn(b"\x1b", text)
            self.assertNotIn("\u009b".encode(), text)

    # -- streams

    def test_full_output(self):
        for words in ("list", "--help", "--version", "list --json", "start --help"):
            result = self.shell(f"$CHOCK {words} > /dev/full")
            self.refused(result, "stdout", "no space left on device")

    def test_output_that_is_closed(self):
        for words in ("list", "--help"):
            self.refused(self.shell(f"$CHOCK {words} >&-"), "stdout", "bad file descriptor")

    def test_reader_that_goes_away(self):
        """As if SIGPIPE had ended it: no word, and no success."""
        read, write = os.pipe()
        os.close(read)
        child = self.begin("list", stdout=write)
        os.close(write)
        self.assertEqual((child.wait(30), child.stderr.read()), (141, b""))

    def test_no_file_takes_the_place_of_a_closed_stream(self):
        """Nothing that chock opens becomes the container's output or input."""
        container = self.start()
        run_words = f"$CHOCK run -b {self.space.shell('cat; echo out; exit 3').path}"
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            self.assertEqual(self.shell(f"{run_words} {self.space.new_id()} {closed}").returncode, 3)
            result = self.shell(f"$CHOCK exec -i {container} /bin/cat {closed}")
            self.assertEqual(result.returncode, 0, result)
            self.assertEqual(self.shell(f"$CHOCK state no-such-one {closed}").returncode, 125)
        self.assertEqual(self.answer("state", container)["status"], "running")

    def test_container_output_that_nobody_takes(self):
        """The container is not disturbed by a full disk of ours, but we say that there is one."""
        lost = b"chock: write stdout: no space left on device\n"
        bundle = self.space.shell("head -c 300000 /dev/zero; echo heard >&2; exit 3")
        result = self.shell(f"$CHOCK run -b {bundle.path} {self.space.new_id()} > /dev/full")
        self.assertEqual((result.returncode, result.stderr), (3, b"heard\n" + lost))
        # There is nowhere to say it.
        result = self.shell(f"$CHOCK run -b {bundle.path} {self.space.new_id()} 2> /dev/full")
        self.assertEqual((result.returncode, len(result.stdout), result.stderr), (3, 300000, b""))
        container = self.start()
        result = self.shell(f"$CHOCK exec {container} /bin/sh -c 'echo x; exit 4' > /dev/full")
        self.assertEqual((result.returncode, result.stderr), (4, lost))

    def test_attached_output_that_nobody_takes(self):
        """The same of one that only looks on."""
        container = self.space.new_id()
        bundle = self.space.shell("echo up; read line; echo $line; exit 5")
        child = self.begin("run", "-b", bundle.path, container)
        self.expect(child, b"up\n")
        child.kill()
        child.wait()
        with open("/dev/full", "wb") as full:
            attach = self.begin("attach", container, stdout=full)
        attach.stdin.write(b"hello\n")
        attach.stdin.flush()
        self.assertEqual((attach.wait(30), attach.stderr.read()),
                         (5, b"chock: write stdout: no space left on device\n"))

    def test_container_output_whose_reader_has_gone(self):
        """He wanted no more, so it is thrown away without a word."""
        bundle = self.space.shell("head -c 300000 /dev/zero; exit 3")
        read, write = os.pipe()
        os.close(read)
        child = self.begin("run", "-b", bundle.path, self.space.new_id(), stdout=write)
        os.close(write)
        self.assertEqual((child.wait(30), child.stderr.read()), (3, b""))

    # -- events

    def test_events_without_a_server(self):
        """There is what the last server has written; following needs one."""
        self.assertEqual(self.done("events"), "")
        server = self.serve()
        first = self.space.new_id()
        container = f"{first}-{'0' * 50}"
        for each in (first, container):
            self.done("start", "--rm=false", "-b", self.space.shell("exit 3").path, each)
            self.chock("wait", each)
        self.assertEqual(server.stop(), 0)
        lines = self.done("events").splitlines()
        for line in (lines[2], lines[4]):  # columns, whatever is in them
            self.assertEqual([line.index(" init ") + 1, len(line) - 1],
                             [lines[0].index("PROCESS"), lines[0].index("STATUS")])
        self.assertEqual([line.split()[1:] for line in lines],
                         [["TYPE", "ID", "PROCESS", "STATUS"],
                          ["start-container", first], ["exit", first, "init", "3"],
                          ["start-container", container], ["exit", container, "init", "3"]])
        self.assertEqual(self.done("events", "--id", "other"), "")
        self.assertEqual(self.done("events", "--since", "2099-01-01T00:00:00Z"), "")
        self.assertEqual(len(self.done("events", "--since", "1h", "--json").splitlines()), 4)
        self.refused(self.chock("events", "--follow"), "--follow", "server")
        self.refused(self.chock("events", "--since", "yesterday"), "yesterday")

    def test_events_of_a_server(self):
        server = self.serve()
        first = self.start(FOREVER)
        follow = self.begin("events", "--follow", "--since", "1h", "--json", "--id", first)
        self.expect(follow, b'"start-container"')
        self.start("exit 0")
        self.done("kill", first, "KILL")
        self.assertNotIn(b"start-container", self.expect(follow, b'"status":137'))
        history = self.done("events").splitlines()
        self.assertTrue(history[0].startswith("TIME"), history)
        self.assertGreaterEqual(len(history), 4)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(follow.wait(30), 125)
        self.assertEqual(follow.stderr.read().count(b"\n"), 1)


if __name__ == "__main__":
    sys.exit(main())
