# SPDX-License-Identifier: Apache-2.0
"""A test case for operations on containers that run: an owner, real containers or scripted ones."""

import errno

from harness.core_case import CoreCase
from harness.shim_case import ShimCase
from harness.supervise import CallError

NOT_FOUND = "containerd: container not found"


class OpsCase(CoreCase, ShimCase):

    def use_fake_runtime(self, script=None):
        """For everything that follows; set_fake_script() changes what it does."""
        self.settings |= self.fake_runtime(script)

    def started(self, supervisor, bundle=None, container_id=None, **params):
        return supervisor.call("start", id=container_id or self.id,
                               bundle=bundle.path if bundle else self.bundle(), **params)

    def refused(self, supervisor, method, **params):
        """The error of a call that must fail."""
        with self.assertRaises(CallError) as caught:
            supervisor.call(method, **{"id": self.id} | params)
        return caught.exception

    def assert_unknown(self, supervisor, method, **params):
        error = self.refused(supervisor, method, **params)
        self.assertEqual((error.detail, error.code), (NOT_FOUND, errno.ESRCH))

    def assert_events(self, supervisor, expected):
        """All that there were; the last may come after the answer that a client waited for."""
        try:
            supervisor.wait_line(lambda _: len(supervisor.events(self.id)) >= len(expected))
        except TimeoutError:
            pass  # the comparison says more
        self.assertEqual(supervisor.events(self.id), expected)

    def end(self, supervisor, *ids):
        """Every container and the supervisor."""
        for container_id in ids or (self.id,):
            supervisor.call("delete", id=container_id, force=True)
        supervisor.end()
