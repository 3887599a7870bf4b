# SPDX-License-Identifier: Apache-2.0
"""What was measured, and on what: versions, processors, the build."""

import os
import re
import shutil
import subprocess

PEERS = {"runc": "runc", "crun": "crun", "conmon": "conmon", "containerd": "containerd"}


def missing_packages():
    return [package for program, package in PEERS.items() if shutil.which(program) is None]


def version(program):
    result = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    first = (result.stdout or result.stderr).strip().splitlines()
    return first[0] if first else "unknown"


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as source:
        found = re.search(r"^model name\s*: (.*)$", source.read(), re.MULTILINE)
    return found.group(1) if found else "unknown processor"


def _memory_gib():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)


def load():
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def describe(build):
    """Lines of text, the same for every format."""
    kernel = os.uname()
    tools = "; ".join(version(program) for program in PEERS if shutil.which(program))
    return [
        f"{_processor()}, {os.cpu_count()} processors, {_memory_gib():.0f} GiB, "
        f"{kernel.sysname} {kernel.release}",
        f"chock {build.revision}, {build.kind}",
        f"peers: {tools}",
    ]


class Build:
    """A CMake build directory, as far as it says what its programs' figures are worth."""

    def __init__(self, directory):
        self.directory = os.path.realpath(directory)
        self._cache = self._read_cache()
        self.kind = self._cache.get("CMAKE_BUILD_TYPE", "no build type")

    def _read_cache(self):
        try:
            with open(os.path.join(self.directory, "CMakeCache.txt"), encoding="utf-8") as source:
                return dict(re.findall(r"^(\w+):\w+=(.*)$", source.read(), re.MULTILINE))
        except FileNotFoundError:
            return {}

    @property
    def revision(self):
        source = self._cache.get("CMAKE_HOME_DIRECTORY", ".")
        result = subprocess.run(["git", "-C", source, "describe", "--always", "--dirty", "--tags"],
                                capture_output=True, text=True, check=False)
        return result.stdout.strip() or "of unknown revision"

    def impediment(self):
        """Why its figures would say nothing, or None."""
        if not self._cache:
            return f"no build in {self.directory} (cmake --preset release && " \
                   "cmake --build --preset release)"
        if "Rel" not in self.kind:
            return f"{self.directory} is a build of type {self.kind}, not a release"
        if re.search(r"-fsanitize|--coverage", self._cache.get("CMAKE_CXX_FLAGS", "")):
            return f"{self.directory} is instrumented"
        return None

    def program(self, name):
        path = os.path.join(self.directory, name)
        return path if os.access(path, os.X_OK) else None
