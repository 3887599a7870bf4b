# SPDX-License-Identifier: Apache-2.0
"""A TCP port for a server that is told its number."""

import random
import socket

# Below those that the kernel gives to whoever does not care (ip(7), ip_local_port_range), so that
# none is taken between the probe and its use.
_PORTS = range(20000, 32000)


def free_port():
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass  # somebody has it
