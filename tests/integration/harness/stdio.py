# SPDX-License-Identifier: Apache-2.0
"""The client's side of a container's stdio: FIFOs that a test reads and writes."""

import os
import select

from harness.process import Deadline


class OutputFifo:
    """Read by the test. Ready before anybody writes: the reader is there from the start."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path, 0o600)
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.data = bytearray()  # grows in place, where bytes would be copied with each read
        self.ended = False

    def _advance(self, events):
        """One poll(2)'s worth. A hang-up says that the last writer is gone; before the first one
        has come there is neither data nor hang-up (fifo(7))."""
        if events & select.POLLIN:
            self.data += os.read(self.fd, 1 << 20)
        elif events & select.POLLHUP:
            self.ended = True

    def read_until(self, wanted, deadline=None):
        """Waits until `wanted` has arrived; returns everything so far."""
        deadline = deadline or Deadline(what=f"{wanted!r} from {self.path}")
        while wanted not in self.data:
            collect([self], deadline, once=True)
            if self.ended and wanted not in self.data:
                raise EOFError(f"{wanted!r} not in {self.data[-2000:]!r}")
        return self.data

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def reopen(self):
        self.fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)


class InputFifo:
    """Written by the test. Opened read-write at first, so that this never waits for a shim."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path, 0o600)
        self.fd = os.open(path, os.O_RDWR)

    def write(self, data, deadline=None):
        """All of it, however slowly it is taken."""
        deadline = deadline or Deadline(what=f"writing to {self.path}")
        os.set_blocking(self.fd, False)
        poller = select.poll()
        poller.register(self.fd, select.POLLOUT)
        while data:
            poller.poll(deadline.remaining * 1000)
            try:
                data = data[os.write(self.fd, data):]
            except BlockingIOError:
                continue

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def collect(outputs, deadline=None, once=False):
    """Reads several outputs at the same time, to their ends (or whatever comes first, if `once`)."""
    deadline = deadline or Deadline(what="end of output")
    while any(not output.ended for output in outputs):
        poller = select.poll()
        open_ones = {output.fd: output for output in outputs if not output.ended}
        for fd in open_ones:
            poller.register(fd, select.POLLIN)
        for fd, events in poller.poll(deadline.remaining * 1000):
            open_ones[fd]._advance(events)
        if once:
            break
    return [output.data for output in outputs]
