# SPDX-License-Identifier: Apache-2.0
"""Runs a shim under strace(1), which can make any one of its system calls fail, or kill it there."""

import collections
import os
import re
import shutil

STRACE = shutil.which("strace")

# Where main() begins; what comes before is the C library's and the dynamic linker's.
_FIRST = "close_range"

# Memory, identity and signals: what fails there fails in the C library, and changes nothing outside
# of the process.
_UNINTERESTING = frozenset((
    "arch_prctl", "brk", "execve", "exit_group", "futex", "getpid", "getrandom", "gettid",
    "madvise", "mmap", "mprotect", "mremap", "munmap", "personality", "prlimit64", "rseq",
    "rt_sigaction", "rt_sigprocmask", "sched_getaffinity", "sched_yield", "set_robust_list",
    "set_tid_address", "sigaltstack", "uname"))


def words(trace, *expressions):
    """The command line to put in front of the shim's. The shim stays its starter's child, and what
    it starts itself is not followed."""
    options = [word for expression in expressions for word in ("-e", expression)]
    return [STRACE, "-D", "-qq", "-o", trace, *options, "--"]


def kill_at(name, number):
    """Kills when the call of this name is made for the `number`th time; it has no effect then."""
    return f"trace={name}", f"inject={name}:signal=KILL:when={number}"


def fail_at(name, number, error):
    """Makes that call fail without any effect."""
    return f"trace={name}", f"inject={name}:error={error}:when={number}"


def fail_from(name, number, error):
    """Makes that call and all later ones fail."""
    return f"trace={name}", f"inject={name}:error={error}:when={number}+"


def calls(trace, before=None, only=()):
    """{name: the numbers of its calls since main()}, as the above take them. Without those that are
    of no interest; of those in `only`, a {name: text}, just the calls whose line has the text; and
    up to the first call named `before`, if that is given."""
    with open(trace, encoding="utf-8", errors="replace") as lines:
        made = [(match.group(), line) for line in lines if (match := re.match(r"\w+(?=\()", line))]
    names = [name for name, _ in made]
    begin, end = names.index(_FIRST), names.index(before) if before else len(names)
    counts, found = collections.Counter(), collections.defaultdict(list)
    for position, (name, line) in enumerate(made[:end]):
        counts[name] += 1
        wanted = name not in _UNINTERESTING and (name not in only or only[name] in line)
        if position >= begin and wanted:
            found[name].append(counts[name])
    return dict(found)


def environment(variables):
    """LeakSanitizer is a tracer as well, and there can be only one."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return variables | {"ASAN_OPTIONS": f"{options}:detect_leaks=0"}
