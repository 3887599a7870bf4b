# SPDX-License-Identifier: Apache-2.0
"""What the programs themselves say that they understand: their --help, taken apart."""

import re
import subprocess

_OPTION = re.compile(r"^  (-\S+)(?: (\S+))?(?: \.\.\.)?(?:\s{2,}.*)?$")
_DEFAULT = re.compile(r"=[^\]]*$")  # of "DIR=.", not of "NAME[=VALUE]"
_GO_FLAG = re.compile(r"^  (--[a-z-]+)(?:, (-[a-z]))?(?:\s+.*)?$")


def _help(argv):
    return subprocess.run([*argv, "--help"], check=True, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=20).stdout


def _options(text):
    """{("-b", "--bundle"): "DIR"}; the label is empty if there is no value."""
    options = {}
    for line in text.splitlines():
        if match := _OPTION.match(line):
            names, label = match.groups()
            options[tuple(names.split(","))] = _DEFAULT.sub("", label or "")
    return options


def _section(text, title):
    found = re.search(rf"^{title}:\n((?:  .*\n)*)", text, re.M)
    return found.group(1) if found else ""


class Chock:
    """`verbs` is {"checkpoint create": (words, options)}, without the global options."""

    def __init__(self, program):
        root = _help([program])
        self.global_options = _options(root)
        self.verbs = {}
        for line in _section(root, "Verbs").splitlines():
            name = re.split(r"\s{2,}", line.strip())[0]
            text = _help([program, *name.split()])
            words = re.search(r"^Usage: .*\[OPTIONS\] ?(.*)$", text, re.M).group(1)
            options = {names: label for names, label in _options(text).items()
                       if names not in self.global_options}
            self.verbs[name] = (words.strip(), options)
        if not self.verbs:
            raise SystemExit(f"{program} --help lists no verbs")


def shim_usage(program):
    """(["ID", "BUNDLE", "RUNTIME"], {("-h", "--help"): ""})"""
    text = _help([program])
    return text.splitlines()[0].removeprefix("usage: chock-shim ").split(), _options(text)


def containerd_flags(program):
    """{("--listen", "-l")}"""
    return {tuple(sorted(filter(None, match.groups()), key=len))
            for line in _help([program]).splitlines() if (match := _GO_FLAG.match(line))}
