# SPDX-License-Identifier: Apache-2.0
"""A scriptable OCI runtime: no namespaces, just a process per container, and any misbehaviour.

$FAKE_RUNTIME_DIR holds `script.json`, written by the test, and `calls.jsonl`, written here: a line
per invocation with argv, cwd, descriptors, signal state, process group, parent-death signal, and
whether the container's process is alive.

script.json maps a verb (create, exec, start, kill, delete, ...) to an object of these keys, acted
on in this order; without a script every verb just works:

  notify: FIFO         tell the test that we are here (opens it for writing)
  wait: FIFO           go on when the test has opened it for writing and closed it again
  stdout: TEXT         answer that
  stderr_bytes: N      write that much to stderr
  log: TEXT            append verbatim to the file of --log
  daemon: FIFO         leave a daemon behind that keeps all our descriptors, until FIFO closes
  console: "never" | "garbage" | "file" | "two"      misuse the console socket
           "pty"       ... or use it well: the process is on a terminal; before the pid file
           "late"      ... but only when the test opens and closes the FIFO that `late` names
  init: [ARGV]         the process to leave behind; default: wait for a signal
  init_exit: N         ... or one that exits at once with N, before we do
  monitor: true        init gets a parent that stays, waits for it and then ends
  pid: null | TEXT     write no pid file, or this instead of the number
  pid_wait: FIFO       as `wait`, between making the process and writing the pid file
  linger: FIFO         as `wait`, after writing the pid file
  exit: N              exit code; signal: N     die by it instead; of a failure that names no
                       init or init_exit, no process is left

The process left behind is a child of whoever is subreaper once this program has ended. `start`
writes a file `started` in the container's directory here; `kill` kills the process.
"""

import array
import ctypes
import datetime
import fcntl
import json
import os
import signal
import socket
import sys
import termios
import time

_PR_GET_PDEATHSIG = 2
_HOME = os.environ["FAKE_RUNTIME_DIR"]
_LIBC = ctypes.CDLL(None)


def _descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the one that listed
            pass
    return found


def _death_signal():
    number = ctypes.c_int()
    _LIBC.prctl(_PR_GET_PDEATHSIG, ctypes.byref(number))
    return number.value


def _alive():
    """Of the process that an earlier call has made."""
    try:
        with open(os.path.join(_HOME, (_words() + ["", ""])[1], "pid"), encoding="utf-8") as source:
            pid = source.read()
        with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
            return source.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError, IsADirectoryError):
        return False


def _log_call():
    call = {
        "argv": sys.argv[1:], "cwd": os.readlink("/proc/self/cwd"), "fds": _descriptors(), "pid": os.getpid(),
        "pgid": os.getpgid(0), "ppid": os.getppid(), "death_signal": _death_signal(),
        "signals": os.environ.get("FAKE_RUNTIME_SIGNALS", "").split(), "time": time.time(),
        "alive": _alive(),
    }
    with open(os.path.join(_HOME, "calls.jsonl"), "a", encoding="utf-8") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        out.write(json.dumps(call) + "\n")


def _option(name):
    argv = sys.argv
    return argv[argv.index(name) + 1] if name in argv else None


_WITH_VALUE = {"--log", "--log-format", "--root", "--bundle", "--process", "--console-socket",
               "--pid-file", "--image-path", "--work-path", "--empty-ns"}


def _words():
    """The arguments that are neither options nor their values: verb, id, signal."""
    words, arguments = [], iter(sys.argv[1:])
    for argument in arguments:
        if argument in _WITH_VALUE:
            next(arguments)
        elif not argument.startswith("-"):
            words.append(argument)
    return words


def _script(verb):
    try:
        with open(os.path.join(_HOME, "script.json"), encoding="utf-8") as source:
            return json.load(source).get(verb, {})
    except FileNotFoundError:
        return {}


def _wait_for(fifo):
    with open(fifo, "rb") as source:
        source.read()


def _leave_daemon(fifo):
    if os.fork() == 0:
        os.setsid()
        _wait_for(fifo)
        os._exit(0)


def _send(path, data, fds):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        connection.sendmsg([data], rights)


def _misuse_console(how, path):
    if how == "garbage":
        _send(path, b"no descriptor comes with this", [])
    elif how == "file":
        _send(path, b"/etc/passwd", [os.open("/etc/passwd", os.O_RDONLY)])
    elif how == "two":
        _send(path, b"/dev/ptmx", list(os.openpty()))


def _connect_console(script, path):
    """What becomes the process's stdio, or nothing to change. `late` waits for its gate elsewhere,
    so that create can return."""
    how = script.get("console")
    if path is None or how not in ("pty", "late"):
        return None
    master, slave = os.openpty()
    if how == "pty":
        _send(path, b"/dev/ptmx", [master])
    elif os.fork() == 0:
        os.setsid()
        _wait_for(script["late"])
        _send(path, b"/dev/ptmx", [master])
        os._exit(0)
    os.close(master)
    return slave


def _become_init(script, slave):
    if slave is not None:
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for number in range(3):
            os.dup2(slave, number)
    os.closerange(3, 1024)
    if "init" in script:
        os.execvp(script["init"][0], script["init"])
    signal.pause()


def _make_process(script):
    """The child becomes the container's process. It keeps 0, 1 and 2, as a container would."""
    slave = _connect_console(script, _option("--console-socket"))
    child = os.fork()
    if child == 0:
        os.setsid()
        _become_init(script, slave)
    return child


def _monitored(script):
    """As _make_process(), from a process in between. It must not keep our output open either."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        child = _make_process(script)
        os.write(writer, str(child).encode())
        os.closerange(0, 1024)
        os.waitpid(child, 0)
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as source:
        return int(source.read())


def _exited_child(code):
    child = os.fork()
    if child == 0:
        os._exit(code)
    # Stay until it is dead, but leave the zombie to whoever inherits it.
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    return child


def _write_pid(script, pid):
    path = _option("--pid-file")
    text = script.get("pid", str(pid))
    if path is None or text is None:
        return
    with open(path + ".part", "w", encoding="utf-8") as out:
        out.write(text)
    os.rename(path + ".part", path)


def _create(script, directory):
    fails = script.get("exit", 0) or "signal" in script
    if fails and "init" not in script and "init_exit" not in script:
        return
    if "init_exit" in script:
        pid = _exited_child(script["init_exit"])
    else:
        pid = (_monitored if "monitor" in script else _make_process)(script)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "pid"), "w", encoding="utf-8") as out:
        out.write(str(pid))
    with open(os.path.join(directory, "bundle"), "w", encoding="utf-8") as out:
        out.write(os.getcwd())
    if "pid_wait" in script:
        _wait_for(script["pid_wait"])
    _write_pid(script, pid)
    if "linger" in script:
        _wait_for(script["linger"])


def _tell_state(directory):
    """Like the real ones: status 1 if there is no such container."""
    try:
        with open(os.path.join(directory, "pid"), encoding="utf-8") as pid, \
                open(os.path.join(directory, "bundle"), encoding="utf-8") as bundle:
            created = datetime.datetime.fromtimestamp(os.stat(bundle.fileno()).st_mtime,
                                                      datetime.timezone.utc)
            json.dump({"status": "running", "pid": int(pid.read()), "bundle": bundle.read(),
                       "created": created.isoformat()}, sys.stdout)
    except FileNotFoundError:
        print("container does not exist", file=sys.stderr)
        return 1
    return 0


def _act(verb, script, directory):
    """What a runtime does if the script says nothing else; its exit code."""
    if verb == "state" and "stdout" not in script:
        return _tell_state(directory)
    if verb in ("create", "exec", "restore"):
        _create(script, directory)
    elif verb == "start":
        open(os.path.join(directory, "started"), "w", encoding="utf-8").close()
    elif verb == "kill":
        try:
            with open(os.path.join(directory, "pid"), encoding="utf-8") as source:
                os.kill(int(source.read()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return 0


def _precede(script):
    if "notify" in script:
        open(script["notify"], "wb").close()
    if "wait" in script:
        _wait_for(script["wait"])
    sys.stdout.write(script.get("stdout", ""))
    sys.stdout.flush()
    if "stderr_bytes" in script:
        sys.stderr.write("x" * script["stderr_bytes"])
        sys.stderr.flush()
    if "log" in script:
        with open(_option("--log"), "a", encoding="utf-8") as out:
            out.write(script["log"])
    if "daemon" in script:
        _leave_daemon(script["daemon"])
    if _option("--console-socket"):
        _misuse_console(script.get("console", "never"), _option("--console-socket"))


def main():
    _log_call()
    verb, container_id = (_words() + ["", ""])[:2]
    script = _script(verb)
    _precede(script)
    code = _act(verb, script, os.path.join(_HOME, container_id))
    if "signal" in script:
        os.kill(os.getpid(), script["signal"])
    return script.get("exit", code)


if __name__ == "__main__":
    sys.exit(main())
