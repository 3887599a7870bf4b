# SPDX-License-Identifier: Apache-2.0
"""A thousand lives, failing ones included, and one long life: what they take they give back."""

import gc
import os
import sys

from harness import Deadline, main, snapshot
from harness.case import NO_QUARANTINE, SANITIZED
from harness.shim_case import INIT, ShimCase, StartError, Stdio

# The long form is for a machine with nothing else to do.
_LIVES = int(os.environ.get("CHOCK_TEST_LIVES", "1000"))
# An interpreter's memory grows by some 300 KiB in the first of them and then rests: by 32 KiB at most
# in the next thousand, and by nothing in the four thousand after that.
_WARM_UP_LIVES = 250
_KIB_MORE = 64  # which 70 bytes kept of each of a thousand lives would show in
_WARM_UP = 50
_STEADY = f"{NO_QUARANTINE}:allocator_release_to_os_interval_ms=-1"
# A sanitizer's allocator goes on to fresh memory for longer before it comes round.
_WARM_UP_MEMORY = 3000 if SANITIZED else _WARM_UP


def _resident_kib(pid):
    """Without pages of files, of which the kernel maps those around one that is used."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))


def _descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Lives(ShimCase):

    def setUp(self):
        super().setUp()
        self.bundle = self.space.bundle("x")
        self.terminal_bundle = self.space.bundle("x", terminal=True)
        self.file = self.space.file("out", b"")

    def live(self, settings, stdio=Stdio(), bundle=None):
        container = self.container(bundle or self.bundle, **settings)
        container.launch(stdio)
        status = container.init.wait()
        container.remove()
        return status

    def refused(self, settings, stdio=Stdio(), bundle=None):
        container = self.container(bundle or self.bundle, **settings)
        with self.assertRaises(StartError):
            container.launch(stdio)
        container.runtime = "/bin/true"
        container.remove()

    def killed(self):
        container = self.container(self.bundle, **self.quick_runtime("read x < /dev/null; exit 1"))
        process = container.init = container.new_process(INIT)
        self.spawn_shim(container)
        process.shim.kill()
        process.shim.wait()
        process.close()
        container.remove()

    def variety(self, number):
        """Six lives of ten are ordinary ones."""
        kind = number % 10
        if kind == 0:
            self.refused(self.quick_runtime(QUICK_REFUSE="1"))
        elif kind == 1:
            self.refused({"runtime": "/no/such/runtime"})
        elif kind == 2:
            self.refused(self.quick_runtime(), Stdio(stdout="/no/such/file"))
        elif kind == 3:
            self.refused(self.quick_runtime(QUICK_REFUSE="1"), bundle=self.terminal_bundle)
        elif kind == 4:
            self.assertEqual(self.live(self.quick_runtime("echo out; echo err >&2; exit 9"),
                                       Stdio("/dev/null", self.file, self.file)), 9)
        elif kind == 5:
            self.killed()
        else:
            self.assertEqual(self.live(self.quick_runtime("exit 3")), 3)

    def holdings(self):
        """What snapshot.py finds, and resident memory without what only awaits collection."""
        snapshot.settle(self.space, 5)
        gc.collect()
        return snapshot.take(self.space), _resident_kib(os.getpid())

    def test_a_thousand(self):
        """The same before and after: everything of these lives that the machine holds, which is
        processes (shims and zombies too), cgroups, mounts, the runtime's directories and our own;
        and the descriptors of this process, which has driven them all. Its memory is the same but
        for a few pages. That of the shims went with them; a shim that stays is LongLife's."""
        for number in range(_WARM_UP_LIVES):
            self.variety(number)
        held, memory = self.holdings()
        for number in range(_LIVES):
            self.variety(number)
        held_after, memory_after = self.holdings()
        self.assertEqual(held_after, held)
        self.assertLess(memory_after - memory, _KIB_MORE, "KiB more than before")


class LongLife(ShimCase):
    """One shim whose process leaves orphans, whose clients come and go, and who is sent messages,
    good and bad."""

    def test_a_shim(self):
        out, source, go_on = self.output(), self.input(), self.space.fifo("go-on")
        init = f"while read line; do (true & ); echo $line; done; read x < {go_on}; exit 4"
        container = self.launched(self.space.bundle("x"), Stdio(source.path, out.path),
                                  start=False,
                                  **self.quick_runtime(init, ASAN_OPTIONS=_STEADY))
        process = container.init
        self.talk(process, source, out, _WARM_UP_MEMORY)
        before = self.holdings(process.shim.pid)
        self.talk(process, source, out, 1000)
        self.assertEqual(self.holdings(process.shim.pid), before)
        process.close_stdin()
        source.close()
        os.close(os.open(go_on, os.O_WRONLY))
        self.assertEqual(self.finish(container, [out]), 4)

    def talk(self, process, source, out, times):
        for number in range(times):
            process.control("bad\n" if number % 2 else "1 80 24\n")
            source.write(b"%d\n" % number)
            out.data = b""
            out.read_until(b"%d\n" % number)
            out.close()
            out.reopen()

    def holdings(self, pid):
        """Equal, to the page and the descriptor; only its process may be left of its children."""
        deadline = Deadline(what="orphans to be reaped")
        while len(self.children(pid)) > 1:
            self.assertGreater(deadline.remaining, 0)
            os.sched_yield()
        return _descriptors(pid), _resident_kib(pid)

    def children(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as source:
            return source.read().split()


if __name__ == "__main__":
    sys.exit(main())
