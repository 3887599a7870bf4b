# SPDX-License-Identifier: Apache-2.0
"""Errors a person can act on: one line on stderr that names the operation and its object, exit
status 125, and nothing left behind (which every test here asserts by its harness)."""

import os
import subprocess
import sys

from harness import Case, main, parametrised, run

_OWN_FAILURE = 125

_BAD_IDS = {
    "parent_directory": ("../x",),
    "slash": ("a/b",),
    "dot": (".",),
    "two_dots": ("..",),
    "empty": ("",),
    "300_bytes": ("x" * 300,),
    "blank": ("a b",),
    "newline": ("a\nb",),
    "not_ascii": ("ü",),
}


class Errors(Case):

    def assert_refused(self, result, *words):
        self.assertEqual(result.returncode, _OWN_FAILURE, result)
        self.assertEqual(result.stdout, b"")
        text = result.stderr.decode()
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.startswith("chock: "), text)
        for word in words:
            self.assertIn(word, text)

    # -- bundles ------------------------------------------------------------------------------------

    def test_no_bundle(self):
        path = os.path.join(self.space.root, "nowhere")
        self.assert_refused(self.chock_run(path), f"chock: open bundle {path}: no such file or directory\n")

    def test_bundle_is_a_file(self):
        path = self.space.file("plain", b"")
        self.assert_refused(self.chock_run(path), path, "not a directory")

    def test_no_config(self):
        bundle = self.space.bundle("/bin/true")
        os.unlink(bundle.config_path)
        self.assert_refused(self.chock_run(bundle),
                            f"chock: open {bundle.config_path}: no such file or directory\n")

    def test_config_is_not_json(self):
        """With the place of the mistake."""
        bundle = self.space.bundle("/bin/true").write_text('{\n  "process": {\n    "cwd" "/"\n')
        self.assert_refused(self.chock_run(bundle), bundle.config_path, "line 3", "column")

    def test_config_is_empty(self):
        bundle = self.space.bundle("/bin/true").write_text("")
        self.assert_refused(self.chock_run(bundle), bundle.config_path, "line 1")

    @parametrised({key: (key,) for key in ("process", "root", "linux")})
    def test_config_without(self, key):
        bundle = self.space.bundle("/bin/true")
        del bundle.config[key]
        self.assert_refused(self.chock_run(bundle.write()), bundle.config_path, key)

    def test_config_without_the_path_of_root(self):
        bundle = self.space.bundle("/bin/true")
        bundle.config["root"] = {}
        self.assert_refused(self.chock_run(bundle.write()),
                            f"parse {bundle.config_path}: root: path: must be present")

    def test_config_with_a_wrong_type(self):
        bundle = self.space.bundle("/bin/true")
        bundle.process["args"] = "/bin/true"
        self.assert_refused(self.chock_run(bundle.write()), bundle.config_path, "args")

    def test_root_that_does_not_exist(self):
        """The runtime's own words come through."""
        bundle = self.space.bundle("/bin/true")
        bundle.config["root"]["path"] = "/no/such/root"
        result = self.chock_run(bundle.write())
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(b"/no/such/root", result.stderr)
        self.assertEqual(result.stderr.count(b"\n"), 1, result)

    # -- ids ----------------------------------------------------------------------------------------

    @parametrised(_BAD_IDS)
    def test_bad_id(self, bad_id):
        argv = self.chock_argv("run", "-b", self.space.bundle("/bin/true").path, bad_id)
        self.assert_refused(run(argv, env=self.space.environment), "id")

    def test_bad_id_with_a_leading_dash(self):
        """Taken for an option, unless it comes after `--`; refused either way."""
        bundle = self.space.bundle("/bin/true")
        for arguments in (["-x"], ["--", "-x"]):
            argv = self.chock_argv("run", "-b", bundle.path, *arguments)
            self.assert_refused(run(argv, env=self.space.environment), "-x")

    def test_id_in_use(self):
        """The one that has it goes on undisturbed."""
        container_id = self.space.new_id()
        first = self.spawn(self.run_argv(self.space.shell("echo up; cat; exit 5"), container_id),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(first.stdout.readline(), b"up\n")
        second = self.chock_run(self.space.bundle("/bin/true"), container_id)
        self.assert_refused(second, container_id)
        first.stdin.write(b"undisturbed")
        first.stdin.close()
        self.assertEqual(first.stdout.read(), b"undisturbed")
        self.assertEqual(first.wait(30), 5)

    def test_id_known_to_the_runtime_only(self):
        """Somebody else's container of that name survives our failure."""
        container_id = self.space.new_id()
        bundle = self.space.shell("exec sleep 1000")
        created = self.runtime.call_detached("create", "--bundle", bundle.path, container_id)
        self.assertEqual(created, 0)
        result = self.chock_run(self.space.bundle("/bin/true"), container_id)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stderr.count(b"\n"), 1, result)
        self.assertEqual(self.runtime.state(container_id)["status"], "created")
        self.runtime.destroy(container_id)

    # -- programs and directories -------------------------------------------------------------------

    def test_unknown_runtime(self):
        bundle = self.space.bundle("/bin/true")
        result = self.chock_run(bundle, options=["--runtime", "no-such-runtime"])
        self.assert_refused(result, "no-such-runtime")

    def test_missing_shim(self):
        bundle = self.space.bundle("/bin/true")
        path = os.path.join(self.space.root, "no-such-shim")
        result = self.chock_run(bundle, options=["--shim", path])
        self.assert_refused(result, path)

    def test_state_directory_not_writable(self):
        """Below a directory that refuses even root: /proc."""
        bundle = self.space.bundle("/bin/true")
        result = self.chock_run(bundle, options=["--state-dir", "/proc/chock"])
        self.assert_refused(result, "/proc/chock")

    def test_state_directory_on_a_disk_that_is_read_only(self):
        """That directory is named, and none that only we know of."""
        path = self.space.file("read-only")
        os.mkdir(path)
        argv = self.run_argv(self.space.bundle("/bin/true"), options=["--state-dir", path])
        result = run(["unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec",
                      'mount -t tmpfs -o ro none "$0"; exec "$@"', path, *argv],
                     env=self.space.environment)
        self.assert_refused(result, f"chock: make directory in {path}: read-only file system\n")

    def test_state_directory_is_a_file(self):
        path = self.space.file("plain", b"")
        bundle = self.space.bundle("/bin/true")
        result = self.chock_run(bundle, options=["--state-dir", path])
        self.assert_refused(result, path)

    def test_no_verb(self):
        result = run([self.chock_path], env=self.space.environment)
        self.assertEqual(result.returncode, _OWN_FAILURE, result)
        self.assertNotEqual(result.stderr, b"")


if __name__ == "__main__":
    sys.exit(main())
