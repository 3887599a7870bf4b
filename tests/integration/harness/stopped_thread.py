# SPDX-License-Identifier: Apache-2.0
"""Stopping one thread of a process and not the others, which no signal does (ptrace(2))."""

import ctypes
import os

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]


def _ptrace(request, tid):
    if _LIBC.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request} of {tid}")


class StoppedThread:
    """Used with `with`, from one thread: the tracer is a thread too."""

    def __init__(self, tid):
        self._tid = tid

    def __enter__(self):
        _ptrace(_SEIZE, self._tid)
        _ptrace(_INTERRUPT, self._tid)
        os.waitpid(self._tid, _WALL)
        return self

    def __exit__(self, *_):
        _ptrace(_DETACH, self._tid)
