# SPDX-License-Identifier: Apache-2.0
"""Real shells, asked what they would complete a command line with."""

import os
import pty
import select
import signal
import subprocess
import time

COMPLETIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../completions")
_SECONDS = 120  # for one answer, on a machine that has much else to do
_DONE = "no more to come for"


def _run(argv, environment, script=None):
    return subprocess.run(argv, input=script, env=environment, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=_SECONDS)


class Bash:
    """Calls the function that `complete -F` names, as readline does, with the words cut at '='."""

    def __init__(self, environment):
        self._environment = environment

    def complete(self, line):
        words = line.replace("=", " = ").split(" ") if "=" in line else line.split(" ")
        words = [word for word in words[:-1] if word] + words[-1:]
        quoted = " ".join(f"'{word}'" for word in words)
        script = f"""
          . '{COMPLETIONS}/chock.bash'
          compopt() {{ :; }}  # only readline's own call may use it
          COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
          _chock
          printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        result = _run(["bash", "--norc"], self._environment, script)
        if result.stderr:
            raise AssertionError(result.stderr)
        return set(result.stdout.split("\n")) - {""}

    def prefix(self, _option):
        return ""  # readline completes what follows the '=' alone


class Fish:
    def __init__(self, environment):
        self._environment = environment

    def complete(self, line):
        script = f"source '{COMPLETIONS}/chock.fish'; complete -C '{line}'"
        result = _run(["fish", "--no-config", "-c", script], self._environment)
        if result.stderr:
            raise AssertionError(result.stderr)
        return {answer.split("\t")[0] for answer in result.stdout.splitlines()}

    def prefix(self, option):
        return option + "="


class Zsh:
    """zsh completes at a prompt only, so this is one; what it would add is written to a file."""

    def __init__(self, environment, directory):
        self._answers = os.path.join(directory, "zsh-answers")
        self._fifo = os.path.join(directory, "zsh-done")
        os.mkfifo(self._fifo)
        # For writing too: without a writer a FIFO is readable at its end (fifo(7)), and no longer
        # so once zsh opens it, which may be between our select and our read.
        self._said = os.open(self._fifo, os.O_RDWR)
        rc = os.path.join(directory, ".zshrc")
        with open(rc, "w", encoding="utf-8") as out:
            out.write(f"""
              PS1='> '
              fpath=('{COMPLETIONS}' $fpath)
              autoload -Uz compinit && compinit -D -u
              compadd() {{
                local -a hits
                # The calls that sort matches into arrays add nothing themselves.
                if [[ ${{@[1,(i)(-|--)]}} != *-(O|A|D)\\ * ]]; then
                  builtin compadd -O hits "$@"
                  print -rl -- $hits >> '{self._answers}'
                fi
                builtin compadd "$@"
              }}
              ask() {{
                : > '{self._answers}'
                zle list-choices
                print -r -- "{_DONE} $BUFFER" > '{self._fifo}'
                zle kill-buffer
              }}
              zle -N ask
              bindkey '^X' ask
              print ready > '{self._fifo}'
            """)
        environment = environment | {"ZDOTDIR": directory, "TERM": "dumb"}
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.execvpe("zsh", ["zsh", "-i"], environment)
        self._await("ready")

    def _await(self, text):
        """Reads the FIFO, and meanwhile the terminal, so that zsh never waits for us."""
        deadline = time.monotonic() + _SECONDS
        seen, shown = b"", b""
        while text.encode() not in seen:
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"zsh says nothing; its terminal shows {shown!r}")
            ready, _, _ = select.select([self._said, self._terminal], [], [], left)
            if self._terminal in ready:
                shown += os.read(self._terminal, 65536)
            if self._said in ready:
                seen += os.read(self._said, 4096)

    def complete(self, line):
        os.write(self._terminal, line.encode() + b"\x18")
        self._await(f"{_DONE} {line}")
        with open(self._answers, encoding="utf-8") as answers:
            return set(answers.read().split("\n")) - {""}

    def prefix(self, _option):
        return ""  # compset -P takes it off

    def close(self):
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._terminal)
        os.close(self._said)
