# SPDX-License-Identifier: Apache-2.0
"""units.py SERVICE_FILE...: what `systemd-analyze security` finds set in a service is what may be set.

Containers are children of the service, and inherit most of what it calls hardening, or have their
mounts hidden by it; its overall verdict is bad on purpose (chock.service says why, line by line). What
it must go on finding is the little that stays with the service."""

import json
import subprocess
import sys

# AmbientCapabilities: none are given. The others: see chock.service.
EXPECTED = {"AmbientCapabilities", "KeyringMode", "NotifyAccess", "UMask"}


def settings_of(path):
    answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--json=short", path],
                            check=True, capture_output=True, text=True)
    return {finding["json_field"] for finding in json.loads(answer.stdout) if finding["set"]}


def main():
    status = 0
    for path in sys.argv[1:]:
        found = settings_of(path)
        if found != EXPECTED:
            print(f"{path}: missing {sorted(EXPECTED - found)}, not expected {sorted(found - EXPECTED)}",
                  file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
