# SPDX-License-Identifier: Apache-2.0
"""What was asked for at a start, as it stands in state.json and in process.json, for the init and
for an exec, and as a real runtime has taken it."""

import json
import os
import sys

from pathlib import Path

from harness import main
from harness.case import parametrised
from harness.core_case import CoreCase
from harness.process import run

_ALWAYS = {"exec", "containerdStdin", "containerdStdout", "containerdStderr", "runtimeArgs",
           "noPivotRoot", "checkpoint", "rootUID", "rootGID", "user", "args", "cwd"}
_UID, _GID = 100000, 200000
_LABELS = ["", "b=<&>", "\u00fc\u2028", "a b\n", "b=<&>"]


class Records(CoreCase):

    programs = (*CoreCase.programs, "chock")

    def setUp(self):
        super().setUp()
        self.calls = self.space.file("calls", b"")
        self.settings["runtime"] = self.noted_runtime("runtime")

    def noted_runtime(self, name):
        """The real one, below a script that notes its command lines."""
        path = self.space.file(name, f'#!/bin/sh\necho "$@" >> {self.calls}\n'
                                     f'exec {self.runtime.path} "$@"\n'.encode())
        os.chmod(path, 0o755)
        return path

    def call_of(self, verb):
        """The one with this verb, split at blanks."""
        lines = Path(self.calls).read_text(encoding="utf-8").splitlines()
        call, = (line.split() for line in lines if verb in line.split())
        return call

    def live(self, bundle=None, then=lambda: None, **params):
        """state.json, and process.json of the init and of an exec, of a whole life, which goes on
        until `then` has come back."""
        supervisor = self.supervisor()
        self.bundle_path = (bundle or self.space.shell("exec sleep 1000")).path
        supervisor.call("start", id=self.id, bundle=self.bundle_path, **params)
        supervisor.call("exec", id=self.id, process="e", args=["/bin/sleep", "1000"])
        texts = [(self.directory / name).read_text(encoding="utf-8")
                 for name in ("state.json", "init/process.json", "e/process.json")]
        for text in texts:
            self.assertTrue(text.endswith("}\n") and text.count("\n") == 1, text)
        told = supervisor.call("state", id=self.id)
        self.assertEqual(told["labels"], params.get("labels", []))
        then()
        supervisor.call("delete", id=self.id, force=True)
        supervisor.end()
        self.assert_nothing_left()
        state, init, other = map(json.loads, texts)
        for process, is_exec in ((init, False), (other, True)):
            self.assertLessEqual(_ALWAYS, process.keys())
            self.assertIs(process["exec"], is_exec)
            self.assertEqual(process["checkpoint"], "")
        return state, init, other

    def test_nothing_asked_for(self):
        state, init, other = self.live()
        for key, value in {"bundle": self.bundle_path, "labels": None, "stdin": "", "stdout": "",
                           "stderr": "", "runtime": self.settings["runtime"], "runtimeArgs": [],
                           "shim": self.shim_path, "noPivotRoot": False}.items():
            self.assertEqual(state[key], value, key)
        for process in (init, other):
            self.assertEqual([process[key] for key in ("runtimeArgs", "noPivotRoot", "rootUID",
                                                       "rootGID")], [[], False, 0, 0])
            for stream in ("Stdin", "Stdout", "Stderr"):
                self.assertEqual(process[f"containerd{stream}"], "/dev/null")
        self.assertNotIn("--no-pivot", self.call_of("create"))

    @parametrised({"none": ([],), "some": (_LABELS,)})
    def test_labels(self, labels):
        """As they were, in their order; none asked for is not an empty list."""
        state, _, _ = self.live(labels=labels)
        self.assertEqual(state["labels"], labels)

    def test_no_pivot(self):
        state, init, _ = self.live(noPivotRoot=True)
        self.assertIs(state["noPivotRoot"], True)
        self.assertIs(init["noPivotRoot"], True)
        self.assertIn("--no-pivot", self.call_of("create"))

    def assert_arguments(self, records, words, verbs=("create", "start", "exec")):
        for record in records:
            self.assertEqual(record["runtimeArgs"], words)
        for verb in verbs:
            call = self.call_of(verb)
            at = call.index(words[0])
            self.assertEqual(call[at:at + len(words)], words)
            self.assertLess(at, call.index(verb), "they are the runtime's own, not the verb's")

    def test_arguments_of_the_server(self):
        root = self.space.file("runtime-root")
        self.settings["runtime_args"] = ("--root", root)
        self.assert_arguments(self.live(), ["--root", root])
        self.assertEqual(os.listdir(root), [])

    def test_arguments_of_a_container(self):
        """With a runtime of its own; whoever serves has others."""
        root = self.space.file("runtime-root")
        own = self.noted_runtime("own")
        self.settings["runtime_args"] = ("--root", self.space.file("unused"))
        self.settings["runtime"] = "/bin/false"
        records = self.live(runtime=own, runtimeArgs=["--root", root])
        self.assertEqual(records[0]["runtime"], own)
        self.assert_arguments(records, ["--root", root])
        self.assertFalse(os.path.exists(self.space.file("unused")))

    def test_runtime_without_arguments(self):
        """Those of the server are for another one."""
        self.settings["runtime_args"] = ("--root", self.space.file("unused"))
        state, init, other = self.live(runtime=self.noted_runtime("own"))
        for record in (state, init, other):
            self.assertIn(record["runtimeArgs"], (None, []))
        self.assertNotIn("--root", self.call_of("create"))

    def test_options_of_the_command_line(self):
        root = self.space.file("runtime-root")
        words = ("--runtime-arg=--root", f"--runtime-arg={root}", "--label", "a=b", "--label", "",
                 "--no-pivot", "--bundle", self.space.shell("exec sleep 1000").path)
        runtime = ("--runtime", self.settings["runtime"])
        started = run(self.chock_argv("start", *runtime, *words, self.id),
                      env=self.space.environment)
        self.assertEqual(started.returncode, 0, started)
        state, init = (json.loads((self.directory / name).read_text(encoding="utf-8"))
                       for name in ("state.json", "init/process.json"))
        self.assert_arguments((state, init), ["--root", root], ("create", "start"))
        for record in (state, init):
            self.assertIs(record["noPivotRoot"], True)
        self.assertEqual((state["labels"], state["runtime"], state["shim"]),
                         (["a=b", ""], self.settings["runtime"], self.shim_path))
        self.assertIn("--no-pivot", self.call_of("create"))
        # What it was started with is enough to end it.
        deleted = run(self.chock_argv("delete", "--force", self.id), env=self.space.environment)
        self.assertEqual(deleted.returncode, 0, deleted)
        self.assertEqual(os.listdir(root), [])
        self.assert_nothing_left()

    def test_user_namespace(self):
        """Whoever is root in there: the ids that it has outside, and its streams are its own."""
        out = self.space.file("out", b"")
        os.chmod(self.space.root, 0o711)
        own = "stat -L -c '%u %g' /proc/self/fd/1 && echo again > /proc/self/fd/1"
        bundle = self.space.shell(f"{own}; exec sleep 1000",
                                  namespaces=("user", "pid", "mount", "ipc", "uts"))
        bundle.config["linux"] |= {
            "uidMappings": [{"containerID": 0, "hostID": _UID, "size": 1000},
                            {"containerID": 1000, "hostID": 1, "size": 1}],
            "gidMappings": [{"containerID": 5, "hostID": 7, "size": 1},
                            {"containerID": 0, "hostID": _GID, "size": 5}]}
        bundle.write()
        _, init, other = self.live(bundle, stdio={"log": out},
                                   then=lambda: self.await_text(out, "0 0\nagain\n"))
        for process in (init, other):
            self.assertEqual((process["rootUID"], process["rootGID"]), (_UID, _GID))
        self.assertEqual(Path(out).read_text(encoding="utf-8"), "0 0\nagain\n")


if __name__ == "__main__":
    sys.exit(main())
