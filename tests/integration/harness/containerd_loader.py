# SPDX-License-Identifier: Apache-2.0
"""What a containerd 0.2 daemon does with a state directory that it finds at its start, written from
the contract (compatibility there is by files alone): which containers it takes over, and which it
throws away, with everything that runs in them."""

import json
import os
import stat

_STATE = {"bundle": str, "labels": list, "stdin": str, "stdout": str, "stderr": str,
          "runtime": str, "runtimeArgs": list, "shim": str, "noPivotRoot": bool}
_PROCESS = {"terminal": bool, "consoleSize": dict, "user": dict, "args": list, "env": list,
            "cwd": str, "capabilities": dict, "rlimits": list, "noNewPrivileges": bool,
            "apparmorProfile": str, "oomScoreAdj": int, "selinuxLabel": str, "exec": bool,
            "containerdStdin": str, "containerdStdout": str, "containerdStderr": str,
            "runtimeArgs": list, "checkpoint": str, "noPivotRoot": bool, "rootUID": int,
            "rootGID": int}


class Discarded(Exception):
    """The daemon would remove the container's directory."""


def _decode(path, kinds):
    """As Go decodes into a struct: unknown keys are nothing, null is the zero value, keys match in
    any case, the first value of the file counts, and a wrong type is an error."""
    try:
        with open(path, encoding="utf-8") as source:
            value, _ = json.JSONDecoder().raw_decode(source.read())
    except (OSError, ValueError) as error:
        raise Discarded(f"{path}: {error}") from error
    names = {name.lower(): name for name in kinds}
    decoded = {}
    for key, item in value.items():
        name = names.get(key.lower())
        if name is None or item is None:
            continue
        if not isinstance(item, kinds[name]) or (kinds[name] is int and isinstance(item, bool)):
            raise Discarded(f"{path}: {key} is no {kinds[name].__name__}")
        decoded[name] = item
    return decoded


def _number(path):
    """An integer without anything around it, or None."""
    try:
        with open(path, encoding="ascii") as source:
            text = source.read()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdecimal() else None


def _process(path):
    """None: skipped, as one without a pid is."""
    spec = _decode(os.path.join(path, "process.json"), _PROCESS)
    pid = _number(os.path.join(path, "pid"))
    if pid is None:
        return None
    status = _number(os.path.join(path, "exitStatus"))
    for name in ("exit", "control"):  # what is missing it makes anew
        fifo = os.path.join(path, name)
        if os.path.lexists(fifo) and not stat.S_ISFIFO(os.stat(fifo).st_mode):
            raise Discarded(f"{fifo} is no FIFO")
    return {"pid": pid, "spec": spec, "status": status,
            "starttime": _number(os.path.join(path, "starttime"))}


def load(state_root):
    """{container id: {"state": ..., "processes": {id: ...}}}; raises Discarded at the first that it
    would not take over. Files in the root mean nothing to it; every directory is a container."""
    found = {}
    for entry in sorted(os.scandir(state_root), key=lambda entry: entry.name):
        if not entry.is_dir():
            continue
        state = _decode(os.path.join(entry.path, "state.json"), _STATE)
        processes = {inner.name: _process(inner.path)
                     for inner in sorted(os.scandir(entry.path), key=lambda inner: inner.name)
                     if inner.is_dir()}
        processes = {name: process for name, process in processes.items() if process}
        if not processes:
            raise Discarded(f"{entry.path}: no process")
        found[entry.name] = {"state": state, "processes": processes}
    return found
