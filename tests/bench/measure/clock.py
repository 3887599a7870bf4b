# SPDX-License-Identifier: Apache-2.0
"""The native stopwatches (native/clock.cc). They also release Python's lock while they wait."""

import ctypes
import os
import signal

_NS = ctypes.c_int64
_PATH = ctypes.c_char_p


class Clock:
    """Times are seconds. Programs are started the way a daemon starts a shim: by absolute path, in
    a process group of their own, with /dev/null on 0, 1 and 2."""

    def __init__(self, library):
        self._lib = ctypes.CDLL(library)
        for name in ("clock_until_exit", "clock_until_ready", "clock_kill", "clock_drain"):
            getattr(self._lib, name).restype = _NS

    def until_exit(self, argv, cwd="/"):
        """Until the program has ended, which it must do with 0."""
        status = ctypes.c_int()
        spent = _checked(self._lib.clock_until_exit(_words(argv), os.fsencode(cwd),
                                                    ctypes.byref(status)), argv)
        code = os.waitstatus_to_exitcode(status.value)
        if code != 0:
            raise ChildProcessError(f"{' '.join(map(str, argv))} ended with {code}")
        return spent

    def until_ready(self, argv, fd, *, path=None, passed_fd=-1, cwd="/"):
        """Until `fd` is readable or, if it is inotify's, `path` exists; also the child's pid."""
        pid = ctypes.c_int()
        spent = self._lib.clock_until_ready(
            _words(argv), os.fsencode(cwd), passed_fd, fd, path and os.fsencode(path),
            ctypes.byref(pid))
        return _checked(spent, argv), pid.value

    def kill(self, pid, fd, path=None):
        """SIGKILL, then both waits: for the process to be dead, and for whoever tells of it."""
        died = _NS()
        pidfd = os.pidfd_open(pid)
        try:
            told = self._lib.clock_kill(pidfd, pidfd if fd is None else fd,
                                        path and os.fsencode(path), ctypes.byref(died))
        finally:
            os.close(pidfd)
        return died.value / 1e9, _checked(told, f"{signal.SIGKILL.name} to {pid}")

    def drain(self, fd, count, header=0, size=1 << 20):
        """Reads `count` bytes, besides `header` bytes before each message: seconds from the first
        to the last."""
        seen = _NS(count)
        spent = self._lib.clock_drain(fd, ctypes.create_string_buffer(size),
                                      ctypes.c_size_t(size), ctypes.c_size_t(header),
                                      ctypes.byref(seen))
        if seen.value != count:
            raise EOFError(f"end of file after {seen.value} of {count} bytes")
        return _checked(spent, "read")


def _words(argv):
    words = [os.fsencode(word) for word in argv]
    return (_PATH * (len(words) + 1))(*words, None)


def _checked(nanoseconds, what):
    if nanoseconds < 0:
        raise OSError(-nanoseconds, f"{what}: {os.strerror(-nanoseconds)}")
    return nanoseconds / 1e9
