# SPDX-License-Identifier: Apache-2.0
"""Shims that may have few descriptors, or no processes: real limits, where the injected errors of
shim_errors_anywhere come from strace."""

import os
import shutil
import sys

from harness import DEADLINE, SHARED_PID, main
from harness.shim_case import ShimCase, Stdio

_OTHER_USER = 54321


class Descriptors(ShimCase):

    def test_every_limit(self):
        """From not even a log to all that is needed. In between the shim says what it lacks, or the
        runtime has failed, which is the runtime's to say; the truth is told in any case."""
        bundle = self.space.bundle("x", namespaces=SHARED_PID)
        path = self.space.file("out", b"")
        codes = set()
        for limit in range(3, 48):
            with self.subTest(limit=limit):
                container = self.container(bundle, **self.quick_runtime("echo $0; exit 3"))
                process = self.spawned(container, Stdio("/dev/null", path, path),
                                       via=["/bin/sh", "-c", f"ulimit -n {limit}; exec \"$@\"",
                                            "sh"])
                code = process.shim.wait(DEADLINE)
                process.close()
                codes.add((code, self.recorded(process)))
                if code == 1 and process.directory.joinpath("shim-log.json").exists():
                    self.assertEqual(len(self.errors(process)), 1)
                container.remove()
        self.assertIn((0, "3"), codes)
        self.assertIn((1, None), codes)
        self.assertLessEqual({status for _, status in codes}, {None, "3"})

    def recorded(self, process):
        path = process.directory / "exitStatus"
        return path.read_text(encoding="utf-8") if path.exists() else None


class Processes(ShimCase):
    """A user who may have one process more than the shim, or none (RLIMIT_NPROC; root is exempt)."""

    def setUp(self):
        super().setUp()
        for name in ("chock-shim", "tests/support/quick_runtime"):
            shutil.copy(os.path.join(self.build_dir, name), self.space.root)
        # Whoever is no root can give its pipes to nobody but itself.
        self.bundle = self.space.bundle("x", namespaces=("pid", "user"))
        mapping = [{"containerID": 0, "hostID": _OTHER_USER, "size": 1}]
        self.bundle.config["linux"] |= {"uidMappings": mapping, "gidMappings": mapping}
        self.bundle.write()

    def outcome(self, limit):
        container = self.container(self.bundle, **self.quick_runtime("exit 3"))
        container.shim = f"{self.space.root}/chock-shim"
        container.runtime = f"{self.space.root}/quick_runtime"
        process = self.spawned(container, via=[
            "/bin/sh", "-c", f"chown -R {_OTHER_USER} '{self.space.root}'; "
            f"exec setpriv --reuid={_OTHER_USER} --regid={_OTHER_USER} --clear-groups "
            f"prlimit --nproc={limit} -- \"$@\"", "sh"])
        code = process.shim.wait(DEADLINE)
        process.close()
        errors, recorded = self.errors(process), (process.directory / "exitStatus").exists()
        shutil.rmtree(container.directory)
        return code, errors, recorded

    def test_no_process_for_the_runtime(self):
        code, errors, recorded = self.outcome(1)
        self.assertEqual((code, recorded), (1, False))
        self.assertEqual(len(errors), 1)
        self.assertIn("resource temporarily unavailable", errors[0])

    def test_enough_processes(self):
        """The same set-up, to show that nothing but the limit was in the way."""
        self.assertEqual(self.outcome(100), (0, [], True))


if __name__ == "__main__":
    sys.exit(main())
