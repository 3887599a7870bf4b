# SPDX-License-Identifier: Apache-2.0
"""What may be found where a file is expected: each makes it at a path."""

import os

HUGE = 100 << 20  # bytes


def text(content):
    return lambda path: path.write_text(content, encoding="utf-8")


def huge(path):
    """Takes no space."""
    with open(path, "wb") as out:
        out.truncate(HUGE)


def symlink(path):
    os.symlink("/etc/passwd", path)
