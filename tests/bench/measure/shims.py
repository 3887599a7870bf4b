# SPDX-License-Identifier: Apache-2.0
"""The shims that are compared. Each kind can create a container, which is timed, and the container
it returns can be ended, which is timed as well:

    container = kind.create(bundle, streams)   .created (seconds), .init, .shim (pids)
    container.start()
    died, known = container.end()              seconds from SIGKILL until dead, and until known
    container.remove()
"""

import os
import shutil
import socket
import time
from contextlib import chdir

from driver import Container, DirectoryWatch, Process, Stdio
from harness.process import Deadline, wait_pidfd

_SETTLING = 0.03  # from `start` to a program that sleeps, and a shim that does too


class Streams:
    """FIFOs for stdout and stderr, and their readers (descriptors), there from the start."""

    def __init__(self, place):
        self.stdout, self.stderr = (place.fifo(place.new_id()) for _ in range(2))
        self.readers = [os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                        for path in (self.stdout, self.stderr)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in self.readers:
            os.close(fd)


class _Launched(Process):
    """The driver's process with a shim that the clock has started."""

    def __init__(self, directory, clock):
        super().__init__(directory)
        self.clock = clock
        self.created = None

    def spawn_shim(self, argv, executable=None, env=None):
        with DirectoryWatch(self.directory) as watch:
            self.created, self.shim = self.clock.until_ready(
                argv, watch.fileno(), path=self.directory / "pid", cwd=self.directory)

    @property
    def exit_fd(self):
        return self._exit_fd

    def await_pid(self, seconds=0):
        return self._read_pid()

    def wait(self, seconds=0):
        os.waitpid(self.shim, 0)
        self.close()


class _LaunchedContainer(Container):
    clock = None

    def new_process(self, process_id):
        return _Launched(self.directory / process_id, self.clock)


class ContractShim:
    """Ours, or any other that speaks containerd 0.2's contract."""

    def __init__(self, place, name, path, sealed=False, runtime=None):
        self.place, self.name, self.path = place, name, path
        self._runtime = runtime or place.runtime
        self._extra = {"sealed": True} if sealed else {}

    def create(self, bundle, streams=None):
        return _ContractContainer(self, bundle, streams)

    def container(self, bundle):
        container = _LaunchedContainer.create(
            self.place.state_root, self.place.new_id(), bundle.path,
            runtime=self._runtime, shim=self.path)
        container.clock = self.place.clock
        return container

    def stdio(self, streams):
        return Stdio() if streams is None else Stdio("/dev/null", streams.stdout, streams.stderr)

    @property
    def extra(self):
        return dict(self._extra)


class _ContractContainer:
    def __init__(self, kind, bundle, streams):
        self._clock = kind.place.clock
        self._container = kind.container(bundle)
        process = self._container.launch(kind.stdio(streams), **kind.extra)
        self.created, self.init, self.shim = process.created, process.pid, process.shim

    def start(self):
        self._container.start()
        time.sleep(_SETTLING)

    def end(self):
        times = self._clock.kill(self.init, self._container.init.exit_fd)
        self._container.init.wait()
        return times

    def remove(self):
        self._container.remove()


class Bare:
    """No shim: the runtime's own time, which every shim's contains."""

    name = "no shim"

    def __init__(self, place, runtime=None):
        self.place, self._runtime = place, runtime or place.runtime

    def create(self, bundle):
        return _BareContainer(self.place, bundle, self._runtime)


class _BareContainer:
    def __init__(self, place, bundle, runtime):
        self._place, self.id = place, place.new_id()
        directory = place.directory(self.id)
        pid_file = os.path.join(directory, "pid")
        self._runtime = [runtime, "--log", os.path.join(directory, "log.json"),
                         "--log-format", "json"]
        self.created = place.clock.until_exit(
            [*self._runtime, "create", "--bundle", bundle.path, "--pid-file", pid_file, self.id],
            cwd=bundle.path)
        self.init = _read_number(pid_file)
        self.removed = None  # seconds

    def start(self):
        self._place.clock.until_exit([*self._runtime, "start", self.id])
        time.sleep(_SETTLING)

    def end(self):
        return self._place.clock.kill(self.init, None)

    def remove(self):
        self.removed = self._place.clock.until_exit([*self._runtime, "delete", self.id])


class Conmon:
    """conmon as podman starts it; `log` is its --log-path."""

    def __init__(self, place, log, runtime=None):
        self.place, self.log, self.runtime = place, log, runtime or place.runtime
        self.name = f"conmon, {log} log"
        self.path = shutil.which("conmon")

    def create(self, bundle, _streams=None):
        return _ConmonContainer(self, bundle)


class _ConmonContainer:
    def __init__(self, kind, bundle):
        self._place, self._id, self._runtime = kind.place, kind.place.new_id(), kind.runtime
        self._bundle = bundle.path
        self._directory = self._place.directory(self._id)
        files = {name: os.path.join(self._directory, name) for name in ("pid", "conmon", "log")}
        log = "none:" if kind.log == "none" else f"{kind.log}:{files['log']}"
        argv = [kind.path, "-c", self._id, "-u", self._id, "-n", self._id,
                "-r", self._runtime, "-b", bundle.path, "-p", files["pid"],
                "-P", files["conmon"], "-l", log, "--exit-dir", self._directory, "--full-attach"]
        self.created = self._timed_spawn(argv)
        self.init, self.shim = (_read_number(files[name]) for name in ("pid", "conmon"))

    def attach(self):
        """As `podman attach` does; a message is a byte that says which stream, and what it wrote."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with chdir(self._bundle):  # a socket's path may have 107 bytes
            stream.connect("attach")
        return stream

    def start(self):
        self._place.clock.until_exit([self._runtime, "start", self._id])
        time.sleep(_SETTLING)

    def _timed_spawn(self, argv):
        """conmon tells the pid through a pipe once `create` has succeeded."""
        told, teller = os.pipe()
        os.environ["_OCI_SYNCPIPE"] = "3"
        try:
            spent, child = self._place.clock.until_ready(argv, told, passed_fd=teller)
            os.waitpid(child, 0)  # it has forked by then
        finally:
            del os.environ["_OCI_SYNCPIPE"]
            os.close(teller)
            os.close(told)
        return spent

    def end(self):
        with DirectoryWatch(self._directory) as watch:
            times = self._place.clock.kill(
                self.init, watch.fileno(), os.path.join(self._directory, self._id))
        wait_pidfd(self.shim, Deadline(what="conmon to end"))
        return times

    def remove(self):
        self._place.clock.until_exit([self._runtime, "delete", self._id])
        shutil.rmtree(self._directory)  # its log has gigabytes, in which a disk would drown


def _read_number(path):
    with open(path, encoding="utf-8") as source:
        return int(source.read())


def shims(place, peers=(), runtime=None):
    """Every shim that is driven without a daemon; ours first."""
    found = [ContractShim(place, "chock-shim", place.shim, runtime=runtime),
             ContractShim(place, "chock-shim, sealed", place.shim, sealed=True, runtime=runtime)]
    found += [ContractShim(place, f"peer {os.path.basename(path)}", path, runtime=runtime)
              for path in peers]
    if shutil.which("conmon"):
        found += [Conmon(place, log, runtime) for log in ("k8s-file", "none")]
    return found
