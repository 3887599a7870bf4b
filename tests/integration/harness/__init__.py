# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share: bundles, runtimes, a workspace that is watched for leaks, and
a test case class built on these. Standard library only. See CONTRIBUTING.md for how a test looks.
"""

from harness.bundle import SHARED_PID, Bundle
from harness.case import Case, main, only_with, parametrised
from harness.process import DEADLINE, Deadline, run
from harness.workspace import Workspace

__all__ = [
    "Bundle", "Case", "DEADLINE", "Deadline", "SHARED_PID", "Workspace", "main", "only_with",
    "parametrised", "run",
]
