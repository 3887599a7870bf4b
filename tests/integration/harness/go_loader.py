# SPDX-License-Identifier: Apache-2.0
"""What a containerd 0.2 daemon makes of a state directory when it starts, by the rules of its
contract: it deletes whatever it cannot read, and kills whatever it takes for an orphan. Shares no
code with the project."""

import json
import os
import stat

_PROCESS_TYPES = {
    "terminal": bool, "user": dict, "args": (list, type(None)), "env": list, "cwd": str,
    "capabilities": dict, "rlimits": list, "noNewPrivileges": bool, "apparmorProfile": str,
    "oomScoreAdj": int, "selinuxLabel": str, "exec": bool, "containerdStdin": str,
    "containerdStdout": str, "containerdStderr": str, "runtimeArgs": (list, type(None)),
    "noPivotRoot": bool, "checkpoint": str, "rootUID": int, "rootGID": int}
_STATE_TYPES = {
    "bundle": str, "labels": (list, type(None)), "stdin": str, "stdout": str, "stderr": str,
    "runtime": str, "runtimeArgs": (list, type(None)), "shim": str, "noPivotRoot": bool}
_EVENT_TYPES = {"id": str, "type": str, "timestamp": str, "pid": str, "status": int}


class Unloadable(Exception):
    pass


def _read(path):
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except OSError as error:
        raise Unloadable(str(error)) from error


def _decode(path, text, types, required=()):
    value, _ = json.JSONDecoder().raw_decode(text)
    for key, kind in types.items():
        if key in value and value[key] is not None and not isinstance(value[key], kind):
            raise Unloadable(f"{path}: {key} is {value[key]!r}")
    for key in required:
        if key not in value:
            raise Unloadable(f"{path}: no {key}")
    return value


def _bare_number(path):
    """Digits and nothing else: with a newline behind them the original reads 0."""
    text = _read(path)
    if not text.isdecimal() or not text.isascii():
        raise Unloadable(f"{path}: {text!r}")
    return int(text)


def _stat_fields(pid):
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _load_process(directory):
    spec = _decode(directory, _read(f"{directory}/process.json"), _PROCESS_TYPES, _PROCESS_TYPES
                   .keys() & {"exec", "containerdStdin", "containerdStdout", "containerdStderr"})
    pid = _bare_number(f"{directory}/pid")
    if os.path.exists(f"{directory}/exitStatus"):
        return {"spec": spec, "pid": pid, "status": _bare_number(f"{directory}/exitStatus")}
    fields = _stat_fields(pid)
    if int(fields[19]) != _bare_number(f"{directory}/starttime"):
        raise Unloadable(f"{directory}: pid {pid} is another process")
    if int(fields[1]) == 1:
        raise Unloadable(f"{directory}: pid {pid} is an orphan, and killed")
    for name in ("exit", "control"):
        if not stat.S_ISFIFO(os.lstat(f"{directory}/{name}").st_mode):
            raise Unloadable(f"{directory}/{name} is no fifo")
    return {"spec": spec, "pid": pid, "status": None}


def load(state_root):
    """{container id: {"state": ..., "processes": {process id: ...}}}, or Unloadable: the original
    would have taken something away."""
    containers = {}
    for entry in os.scandir(state_root):
        if not entry.is_dir(follow_symlinks=False):
            continue
        state = _decode(entry.path, _read(f"{entry.path}/state.json"), _STATE_TYPES, _STATE_TYPES)
        if not os.path.isdir(state["bundle"]):
            raise Unloadable(f"bundle dir {state['bundle']} don't exist")
        processes = {each.name: _load_process(each.path) for each in os.scandir(entry.path)
                     if each.is_dir(follow_symlinks=False)}
        if not processes:
            raise Unloadable(f"{entry.path}: no process")
        containers[entry.name] = {"state": state, "processes": processes}
    return containers


def load_events(state_root):
    """Of events.log: what its streaming decoder reads before anything it cannot."""
    path = f"{state_root}/events.log"
    return [_decode(path, line, _EVENT_TYPES) for line in _read(path).splitlines()]
