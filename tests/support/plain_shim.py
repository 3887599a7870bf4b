#!/usr/bin/python3 -IS
# SPDX-License-Identifier: Apache-2.0
"""A shim in the way of containerd 0.2's own, as far as a supervisor can tell: nothing atomic, no
file that the original did not have, and it runs `kill --all` and `delete` by itself.

Knows no terminals and no stdin; stdout and stderr are files or fifos that have readers."""

import ctypes
import json
import os
import signal
import subprocess
import sys

_PR_SET_CHILD_SUBREAPER = 36


def main():
    container, bundle, runtime = sys.argv[1:]
    with open("shim-log.json", "a", encoding="utf-8"):
        pass
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.open("exit", os.O_WRONLY)  # held until we end, and inherited by nobody
    os.open("control", os.O_RDWR)
    with open("process.json", encoding="utf-8") as source:
        process = json.load(source)
    here, words = os.getcwd(), [runtime, *(process["runtimeArgs"] or [])]
    verb = ["exec", "-d", "--process", f"{here}/process.json"] if process["exec"] \
        else ["create", "--bundle", bundle]
    with open(process["containerdStdout"], "ab") as out, \
            open(process["containerdStderr"], "ab") as err:
        made = subprocess.run([*words, "--log", f"{here}/log.json", "--log-format", "json", *verb,
                               "--pid-file", f"{here}/pid", container], check=False,
                              stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    if made.returncode != 0:
        return 0
    with open("pid", encoding="utf-8") as source:
        pid = int(source.read())
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with open("exitStatus", "w", encoding="utf-8") as out:
        out.write(str(status if status >= 0 else 128 - status))
    if not process["exec"]:
        for verb in (["kill", "--all", container, "SIGKILL"], ["delete", container]):
            subprocess.run([*words, *verb], check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main())
