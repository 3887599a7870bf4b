# SPDX-License-Identifier: Apache-2.0
"""What the tests' servers need to know of whoever starts them, who is a test as a rule."""

import subprocess


class Host:
    """Owns what is started and opened for it, until close()."""

    def __init__(self, place):
        self.space, self._open, self._children = place, [], []

    def spawn(self, argv, **options):
        self._children.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, **options))
        return self._children[-1]

    def closed_at_end(self, closable):
        self._open.append(closable)
        return closable

    def close(self):
        for each in reversed(self._open):
            each.close()
        for child in self._children:
            child.terminate()
            child.wait()
