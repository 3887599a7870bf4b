# SPDX-License-Identifier: Apache-2.0
"""Stands in for a containerd 0.2 daemon that has containers and is about to end: what it leaves is,
byte for byte and mode for mode, what that one leaves (containerd 0.2 contract, state directory).

    former_daemon.py STATE_ROOT RUNTIME SHIM ID BUNDLE EXEC...

Starts the container and a `sleep` per EXEC in it, writes the init's pid to stdout, and waits to be
killed. It is a program of its own so that its shims become orphans, as they do in earnest."""

import json
import os
import signal
import sys
from pathlib import Path

from driver import Container

# When what it leaves behind was made, just before the first event of its log.
_MADE = 1577927045
_STDIO = ("containerdStdin", "containerdStdout", "containerdStderr")


def go_json(value):
    """As Go's encoder has it, and the newline of its stream."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text + "\n"


def write(path, text):
    """In place, mode 0644."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), "w", encoding="utf-8") as out:
        out.write(text)


def process_json(spec):
    """Keys in the original's order; those of the OCI object that it omits when empty."""
    ordered = {key: spec[key] for key in ("user", "args", "env", "cwd", "capabilities",
                                          "noNewPrivileges") if spec.get(key)}
    ordered |= {"exec": spec["exec"]} | {key: spec[key] for key in _STDIO}
    return ordered | {"runtimeArgs": [], "noPivotRoot": False, "checkpoint": "",
                      "rootUID": 0, "rootGID": 0}


def as_the_original_left_it(container, process):
    for path, mode in ((container.directory, 0o755), (process.directory, 0o755),
                       (process.directory / "exit", 0o755), (process.directory / "control", 0o755)):
        path.chmod(mode)
    process_file = process.directory / "process.json"
    write(process_file, go_json(process_json(json.loads(process_file.read_text("utf-8")))))
    for name in ("starttime", "pid"):
        (process.directory / name).chmod(0o644)


def main():
    state_root, runtime, shim, container_id, bundle, *execs = sys.argv[1:]
    os.umask(0o022)
    container = Container.create(state_root, container_id, bundle, runtime=runtime, shim=shim)
    write(container.directory / "state.json", go_json({
        "bundle": bundle, "labels": None, "stdin": "", "stdout": "", "stderr": "",
        "runtime": runtime, "runtimeArgs": [], "shim": shim, "noPivotRoot": False}))
    init = container.launch()
    as_the_original_left_it(container, init)
    os.utime(init.directory / "process.json", (_MADE, _MADE))
    container.start()
    for name in execs:
        spec = container._config()["process"] | {"args": ["/bin/sleep", "1000"]}
        as_the_original_left_it(container, container.exec(name, spec))
    write(Path(state_root) / "events.log", "".join(go_json(event) for event in (
        {"id": container_id, "type": "start-container", "timestamp": "2020-01-02T03:04:05.5+02:00"},
        {"id": container_id, "type": "exit", "timestamp": "2020-01-02T03:04:06Z", "pid": "gone",
         "status": 7})))
    print(container.init.pid, flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
