# SPDX-License-Identifier: Apache-2.0
"""Tests of chock's verbs as a user meets them, with and without a server: a file's cases are a class
that is no test by itself, and two that are, `served` and not."""

import json
import os
import subprocess

from harness.process import is_asleep, read_until, run, Deadline
from harness.serve import ServeCase

FOREVER = "exec sleep 1000"


class CliCase(ServeCase):

    served = False

    def setUp(self):
        super().setUp()
        self.server = self.serve() if self.served else None

    def tearDown(self):
        """Whatever is left of containers goes by chock's own means, so that these leave nothing."""
        for container in self.chock("list", "-q").stdout.decode().split():
            result = self.chock("delete", "--force", container)
            gone = b"not found" in result.stderr  # a server was about to undo it
            self.assertTrue(result.returncode == 0 or gone, result)
        if self.server:
            self.assertEqual(self.server.stop(), 0)
        super().tearDown()

    def argv(self, *words):
        """Global options come first, so that what follows the verb is the test's alone."""
        return [self.chock_path, "--state-dir", self.space.state_root, "--shim", self.shim_path,
                "--runtime", self.runtime.path, *words]

    def chock(self, *words, **options):
        """Runs a verb to its end."""
        options.setdefault("env", self.space.environment)
        return run(self.argv(*words), **options)

    def done(self, *words, **options):
        """The same of one that must succeed; what it prints."""
        result = self.chock(*words, **options)
        self.assertEqual((result.returncode, result.stderr), (0, b""), result)
        return result.stdout.decode()

    def answer(self, *words):
        return json.loads(self.done("--json", *words))

    def refused(self, result, *words, code=125):
        """One line that a person can act on."""
        self.assertEqual(result.returncode, code, result)
        text = result.stderr.decode()
        self.assertTrue(text.startswith("chock: ") and text.count("\n") == 1, text)
        for word in words:
            self.assertIn(word, text)

    def start(self, script=FOREVER, *options, **bundle):
        """A container in the background; its id."""
        container = self.space.new_id()
        path = self.space.shell(script, **bundle).path
        self.done("start", *options, "-b", path, container)
        return container

    def begin_wait(self, *words, **settings):
        """A `chock wait` that has begun to: it sees whatever happens from here on."""
        child = self.begin("wait", *words, **settings)
        deadline = Deadline(what="chock wait to wait")
        while child.poll() is None and not is_asleep(child.pid, "poll"):  # do_epoll_wait, or ep_poll
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()
        return child

    def begin(self, *words, **options):
        """A verb that goes on, with pipes to it."""
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, subprocess.PIPE)
        return self.spawn(self.argv(*words), **options)

    def expect(self, child, text):
        return read_until(child.stdout.fileno(), text, Deadline(what=repr(text)))


def both_ways(cases):
    """The two test classes of `cases`."""
    return (type(f"{cases.__name__}Alone", (cases, CliCase), {"__module__": "__main__"}),
            type(f"{cases.__name__}Served", (cases, CliCase),
                 {"__module__": "__main__", "served": True}))
