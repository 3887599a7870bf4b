# SPDX-License-Identifier: Apache-2.0
"""Drives chock-shim (or containerd 0.2's own shim) without chock: files and FIFOs, nothing else.

This is the embedding example that docs/embedding.md explains, and it is also how the integration
tests judge the shim independently of chock's supervisor: it is written from the containerd 0.2
contract alone and shares no code with the rest of the project. Standard library only, Linux only.

    container = Container.create("/run/mine", "c1", "/bundles/c1", runtime="runc")
    init = container.launch(Stdio("/dev/null", "/var/log/c1.out", "/var/log/c1.err"))
    container.start()
    status = init.wait()
    container.remove()
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

INIT = "init"

# How long a shim may take to create a process (containerd's own default), and to exit.
START_SECONDS = 30.0
EXIT_SECONDS = 30.0


class StartError(Exception):
    """The process was not started; the text says whose fault it was, shim's or runtime's."""


@dataclass(frozen=True)
class Stdio:
    """Paths of FIFOs or files. The shim waits up to 15 s for a reader of an output FIFO."""

    stdin: str = "/dev/null"
    stdout: str = "/dev/null"
    stderr: str = "/dev/null"


class Process:
    """One process of a container and its shim. Made by Container.launch() and Container.exec()."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.pid = None      # of the process, once it was created
        self.shim = None     # a Popen
        self._exit_fd = -1
        self._control_fd = -1

    # -- before the shim ------------------------------------------------------------------------

    def prepare(self, process_json):
        """Makes the process directory complete. Both FIFOs are opened before the shim starts:
        `exit` because a hang-up is only ever reported to a reader that was there before the last
        writer left, `control` read-write so that messages outlive a gap between two writers."""
        self.directory.mkdir(0o700)
        write_atomically(self.directory / "process.json", json.dumps(process_json) + "\n")
        os.mkfifo(self.directory / "exit", 0o600)
        os.mkfifo(self.directory / "control", 0o600)
        self._exit_fd = os.open(self.directory / "exit", os.O_RDONLY | os.O_NONBLOCK)
        self._control_fd = os.open(self.directory / "control", os.O_RDWR | os.O_NONBLOCK)

    def spawn_shim(self, argv, executable=None, env=None):
        """`argv` is [shim, id, bundle, runtime]. A process group of its own, so that a terminal's
        signals for us do not reach it. The shim outlives us; that is its purpose."""
        self.shim = subprocess.Popen(
            argv, executable=executable, env=env, cwd=self.directory, process_group=0,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # -- starting -------------------------------------------------------------------------------

    def await_pid(self, seconds=START_SECONDS):
        """Waits until `pid` holds a number: the runtime has created the process. A shim that ends
        without it has failed, and says why in its log; only then is the log complete."""
        deadline = time.monotonic() + seconds
        with DirectoryWatch(self.directory) as changes:
            shim = os.pidfd_open(self.shim.pid)
            try:
                while not self._read_pid():
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise StartError("the shim did not create the process in time")
                    ready, _, _ = select.select([changes, shim], [], [], left)
                    if changes in ready:
                        changes.drain()
                    elif shim in ready and not self._read_pid():
                        self.shim.wait()
                        raise StartError(self.start_error())
            finally:
                os.close(shim)
        return self.pid

    def _read_pid(self):
        """Anything but a number means "not yet": runtimes may write the file in pieces."""
        text = read_text(self.directory / "pid")
        self.pid = int(text) if text and text.isdecimal() else None
        return self.pid

    def start_error(self):
        """The first error that the shim logged or, if it has none, the runtime."""
        for name, prefix in (("shim-log.json", "shim error: "), ("log.json", "oci runtime error: ")):
            for record in read_log(self.directory / name):
                if record.get("level") == "error":
                    return prefix + record.get("msg", "")
        return "container not started"

    # -- while it runs --------------------------------------------------------------------------

    def resize(self, width, height):
        """Sets the terminal's size."""
        self.control(f"1 {width} {height}\n")

    def close_stdin(self):
        """Delivers what is in the stdin FIFO and then end-of-file, once all its writers have gone:
        until now the shim has kept it open, so that clients may come and go."""
        self.control("0 0 0\n")

    def control(self, text):
        os.write(self._control_fd, text.encode())

    def kill(self, number=signal.SIGTERM):
        os.kill(self.pid, number)

    # -- the end --------------------------------------------------------------------------------

    def await_hangup(self, seconds=EXIT_SECONDS):
        """Waits until the shim has closed `exit`, which it does by exiting: the process is dead,
        its output delivered, and `exitStatus` written."""
        poller = select.poll()
        poller.register(self._exit_fd, 0)  # hang-up is always reported; there are never any data
        if not poller.poll(seconds * 1000):
            raise TimeoutError(f"no exit of {self.directory} within {seconds} s")

    def wait(self, seconds=EXIT_SECONDS):
        """The exit status: a code, 128 + signal, or 255 for unknown. Releases everything."""
        self.await_hangup(seconds)
        self.shim.wait(seconds)
        self.close()
        return self.exit_status()

    def exit_status(self):
        """What the shim has recorded. If it was killed before it could, nobody knows: 137 if by
        SIGKILL (by convention, with the process about to be killed as well), else 255."""
        text = read_text(self.directory / "exitStatus")
        if text and text.isdecimal():
            return int(text)
        return 137 if self.shim.returncode == -signal.SIGKILL else 255

    def close(self):
        for fd in (self._exit_fd, self._control_fd):
            if fd >= 0:
                os.close(fd)
        self._exit_fd = self._control_fd = -1


class Container:
    """One container: a directory of the state root, with one directory per process in it."""

    def __init__(self, directory, container_id, bundle, **settings):
        self.directory = Path(directory)
        self.id = container_id
        self.bundle = str(bundle)
        self.runtime = settings.get("runtime", "runc")
        self.runtime_args = list(settings.get("runtime_args", ()))
        self.shim = settings.get("shim", "chock-shim")
        self.env = settings.get("env")  # of the shim and the runtime; None: ours
        self.init = None

    @classmethod
    def create(cls, state_root, container_id, bundle, **settings):
        """Makes the container's directory. Settings: runtime, runtime_args, shim, env."""
        container = cls(Path(state_root) / container_id, container_id, bundle, **settings)
        container.directory.mkdir(0o700)
        write_atomically(container.directory / "state.json", json.dumps({
            "bundle": container.bundle, "labels": None, "stdin": "", "stdout": "", "stderr": "",
            "runtime": container.runtime, "runtimeArgs": container.runtime_args,
            "shim": container.shim, "noPivotRoot": False}) + "\n")
        return container

    def launch(self, stdio=Stdio(), **extra):
        """Creates the container's first process; it waits for start(). `extra` are keys for
        process.json: sealed=True, or checkpoint=DIRECTORY for one to be restored, which then runs
        without start()."""
        self.init = self.new_process(INIT)
        self._launch(self.init, self._config()["process"] | extra, stdio, is_exec=False)
        return self.init

    def start(self):
        """The shim only creates; whoever drives it says when to start. A process that ends at once
        may have been deleted by its shim while `start` is still tidying up behind itself, so a
        complaint only counts while there is no exit status."""
        result = self.run_runtime("start", self.id)
        if result.returncode != 0 and not read_text(self.init.directory / "exitStatus"):
            raise StartError(f"start: {result.stdout}{result.stderr}")

    def exec(self, process_id, spec, stdio=Stdio(), **extra):
        """Runs another process in the container, described by an OCI process object."""
        process = self.new_process(process_id)
        self._launch(process, spec | extra, stdio, is_exec=True)
        return process

    def new_process(self, process_id):
        return Process(self.directory / process_id)

    def _launch(self, process, spec, stdio, is_exec):
        process.prepare(self.process_json(spec, stdio, is_exec))
        process.spawn_shim([self.shim, self.id, self.bundle, self.runtime], env=self.env)
        try:
            process.await_pid()
        except StartError:
            if process.shim.poll() is None:  # too slow
                process.shim.kill()
                process.shim.wait()
            process.close()
            raise
        save_starttime(process)

    def process_json(self, spec, stdio, is_exec):
        root_uid, root_gid = (first_host_id(self._config(), key)
                              for key in ("uidMappings", "gidMappings"))
        return {
            "exec": is_exec, "containerdStdin": stdio.stdin, "containerdStdout": stdio.stdout,
            "containerdStderr": stdio.stderr, "runtimeArgs": self.runtime_args,
            "noPivotRoot": False, "checkpoint": "", "rootUID": root_uid, "rootGID": root_gid} | spec

    def remove(self):
        """After the init's exit. The shim has normally deleted the container already, in which
        case the runtime's complaint that there is none is the expected answer."""
        self.run_runtime("delete", self.id)
        shutil.rmtree(self.directory)

    def run_runtime(self, *arguments):
        return subprocess.run([self.runtime, *self.runtime_args, *arguments], env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)

    def _config(self):
        return json.loads((Path(self.bundle) / "config.json").read_text(encoding="utf-8"))


class DirectoryWatch:
    """inotify(7) on one directory; a descriptor to wait on, so that nobody polls for files."""

    _IN_CLOSE_WRITE, _IN_MOVED_TO = 0x8, 0x80

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        mask = self._IN_CLOSE_WRITE | self._IN_MOVED_TO
        if self._fd < 0 or libc.inotify_add_watch(self._fd, os.fsencode(path), mask) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))

    def fileno(self):
        return self._fd

    def drain(self):
        os.read(self._fd, 65536)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)


def read_text(path):
    """A small file's content, or None. (A process's files can vanish between open and read.)"""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None


def read_log(path):
    """The records of a JSON log, which may follow each other without any separator. What cannot
    be parsed ends it."""
    text, decoder, records = (read_text(path) or "").strip(), json.JSONDecoder(), []
    while text:
        try:
            record, end = decoder.raw_decode(text)
        except json.JSONDecodeError:
            break
        records.append(record)
        text = text[end:].lstrip()
    return records


def write_atomically(path, text):
    """Readers see all of it or nothing, even if we die half-way."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, encoding="utf-8")
    temporary.rename(path)


def save_starttime(process):
    """Field 22 of stat: with the pid it says which process is meant, should the number come round
    again. Absent if the process has gone already."""
    text = read_text(Path(f"/proc/{process.pid}/stat"))
    if text:
        after_name = text.rpartition(")")[2].split()  # starts with field 3
        write_atomically(process.directory / "starttime", after_name[22 - 3])


def first_host_id(config, mappings):
    """The host id of the container's root, which must own the pipes that become its stdio."""
    linux = config.get("linux") or {}
    kinds = [namespace.get("type") for namespace in linux.get("namespaces") or []]
    if "user" in kinds:
        for mapping in linux.get(mappings) or []:
            if mapping["containerID"] == 0:
                return mapping["hostID"]
    return 0
