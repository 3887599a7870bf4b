# SPDX-License-Identifier: Apache-2.0
"""Twenty clients with fifty containers each, who cancel, kill, hang up and come again as they
please, and five daemons one after the other who are killed under them: nothing is lost, nothing is
told twice, and nothing is left."""

import os
import random
import signal
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import grpc

from harness import main
from harness.containerd import ApiError, ContainerdCase
from harness.process import DEADLINE, wait_until

CLIENTS, CONTAINERS = 20, 50
# Chance has the word only once: a failure can be repeated.
SEED = int(os.environ.get("CHOCK_TEST_SEED", "1"))
_GONE = (1, 14)  # cancelled, unavailable


class Customer:
    """One client and its containers. What it knows for certain: `started`, of those whose create
    has succeeded, the pid; `uncertain`, those whose answer never came."""

    def __init__(self, case, server, number):
        self.case, self.server = case, server
        self.chance = random.Random(SEED * 1000 + number)
        self.ids = [case.space.new_id() for _ in range(CONTAINERS)]
        self.client = server.client()
        self.started, self.uncertain, self.refused = set(), set(), {}

    def live(self):
        for container in self.ids:
            self.chance.choice((self.plain, self.plain, self.cancelled, self.killed,
                                self.with_execs, self.reconnecting))(container)

    def begin(self, container):
        """Every life is one of: ends by itself with a number, or waits to be killed."""
        script = self.chance.choice(("exit 0", "exit 7", "exec sleep 1000"))
        stdin = self.case.space.file(f"in-{container}", (script + "\n").encode())
        return self.client.future("CreateContainer", id=container, stdin=stdin,
                                  bundlePath=self.case.bundle_path)

    def settled(self, container, call):
        """Whether it has been started, as far as one can know."""
        try:
            call.result(DEADLINE)
            self.started.add(container)
            return True
        except grpc.FutureCancelledError:
            self.uncertain.add(container)
        except grpc.RpcError as error:
            if error.code().value[0] not in _GONE:
                self.refused[container] = error.details()
            self.uncertain.add(container)
        return False

    def plain(self, container):
        self.settled(container, self.begin(container))

    def cancelled(self, container):
        call = self.begin(container)
        self.case.pause(self.chance.uniform(0, 0.03))
        call.cancel()
        self.settled(container, call)

    def killed(self, container):
        if self.settled(container, self.begin(container)):
            self.signal(container)

    def signal(self, container, process="init"):
        try:
            self.client.Signal(id=container, pid=process, signal=int(signal.SIGKILL))
        except ApiError as error:
            assert "not found" in error.text or error.text == "no such process", error

    def with_execs(self, container):
        if not self.settled(container, self.begin(container)):
            return
        for name in ("a", "b"):
            call = self.client.future("AddProcess", id=container, pid=name, args=["x"], cwd="/",
                                      stdin=self.case.exit_3)
            if self.chance.random() < 0.3:
                self.case.pause(self.chance.uniform(0, 0.01))
                call.cancel()
            try:
                call.result(DEADLINE)
            except (grpc.RpcError, grpc.FutureCancelledError):
                pass  # cancelled, or its container has ended
        self.signal(container)

    def reconnecting(self, container):
        """Hangs up in the middle of a create."""
        call = self.begin(container)
        self.case.pause(self.chance.uniform(0, 0.02))
        self.client.close()
        self.client = self.server.client()
        self.settled(container, call)


class Many(ContainerdCase):

    def setUp(self):
        super().setUp()
        self.bundle_path = self.space.bundle("x").path
        self.exit_3 = self.space.file("exit-3", b"exit 3\n")
        self._pause = threading.Event()  # never set: waiting for it takes a time of its own
        # The init of a container is what its stdin says.
        state = self.space.file("quick")
        os.mkdir(state)
        self.options = {"runtime": self.quick_runtime,
                        "env": {"QUICK_INIT": 'read -r line; eval "$line"', "QUICK_STATE": state}}

    def pause(self, seconds):
        self._pause.wait(seconds)

    def end_all(self, client):
        for info in client.State().containers:
            try:
                client.Signal(id=info.id, pid="init", signal=int(signal.SIGKILL))
            except ApiError as error:
                self.assertRegex(error.text, "not found|no such process")

    def assert_lives_are_whole(self, events, customers, killed=False):
        """By container: nothing, or start, execs between, exit; everything once."""
        told = {}
        for event in events:
            told.setdefault(event.id, []).append((event.type, event.pid))
        for customer in customers:
            self.assertEqual(customer.refused, {})
            for container in customer.ids:
                life = told.pop(container, [])
                self.assertEqual([key for key, times in Counter(life).items() if times > 1], [])
                if container in customer.started:
                    self.assertTrue(life, f"{container} was started, and nobody told")
                if life and not (killed and container in customer.uncertain):
                    # (A daemon that was killed in between could not tell of a start.)
                    self.assertEqual(life[0], ("start-container", ""), life)
                if life:
                    self.assertEqual(life[-1], ("exit", "init"), life)
                    starts = [pid for kind, pid in life if kind == "start-process"]
                    exits = [pid for kind, pid in life[:-1] if kind == "exit"]
                    self.assertEqual(sorted(starts), sorted(exits), life)
        self.assertEqual(told, {})

    def assert_nothing_is_left(self, client):
        self.assertEqual([info.id for info in client.State().containers], [])
        self.assertEqual([entry for entry in os.listdir(self.space.state_root)
                          if self.space.token in entry], [])

    def test_twenty_clients_with_fifty_containers_each(self):
        server = self.daemon("--retain-count", "0", **self.options)
        watcher = server.client()
        live = watcher.events().subscribed()
        customers = [Customer(self, server, number) for number in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(Customer.live, customers))
        self.end_all(watcher)
        for customer in customers:
            for container in customer.started:
                live.wait_exit(container)
        # Those whose clients went away are undone, or ended with the others, in their own time.
        server.stop()
        server = self.daemon("--retain-count", "0", **self.options)
        watcher = server.client()
        self.end_all(watcher)
        self.wait_for_the_last(watcher)
        events = watcher.stored()
        self.assert_lives_are_whole(events, customers)
        seen = [(event.id, event.type, event.pid) for event in live.all()]
        self.assertEqual(len(seen), len(set(seen)))
        stored = [(event.id, event.type, event.pid) for event in events]
        self.assertEqual(seen, stored[:len(seen)], "live and stored are the same story")
        self.assert_nothing_is_left(watcher)
        self.assertEqual(server.stop(), 0)

    @staticmethod
    def wait_for_the_last(client):
        """A container that is undone goes without an exit; its directory goes last in any case."""
        wait_until(lambda: not client.State().containers, "the containers do not go", 60)

    def test_daemons_killed_under_their_clients(self):
        """Clients try again until somebody answers."""
        customers, server = [], None
        for number in range(5):
            server = self.daemon("--retain-count", "0", **self.options)
            batch = [Customer(self, server, 100 * number + each) for each in range(4)]
            for customer in batch:
                customer.ids = customer.ids[:15]
            with ThreadPoolExecutor(len(batch)) as pool:
                lives = [pool.submit(customer.live) for customer in batch]
                self.pause(0.4)
                server.kill()
                for life in lives:
                    life.cancel()
                for customer in batch:
                    customer.client.close()
                for life in lives:
                    life.exception()  # of a call to a daemon that is no more
            customers += batch
        server = self.daemon("--retain-count", "0", **self.options)
        client = server.client()
        self.end_all(client)
        self.wait_for_the_last(client)
        for customer in customers:
            customer.refused.clear()
        self.assert_lives_are_whole(client.stored(), customers, killed=True)
        self.assert_nothing_is_left(client)
        self.assertEqual(server.stop(), 0)

    def test_a_thousand_creates_of_a_hundred_clients_at_once(self):
        server = self.daemon("--retain-count", "0", **self.options)
        stream = server.client().events().subscribed()
        clients = [server.client() for _ in range(100)]
        calls = {}
        for client in clients:
            for _ in range(10):
                container = self.space.new_id()
                calls[container] = client.future("CreateContainer", id=container,
                                                 stdin=self.exit_3, bundlePath=self.bundle_path)
        for call in calls.values():
            call.result(120)
        for container in calls:
            self.assertEqual(stream.wait_exit(container, seconds=120).status, 3)
        self.assertEqual(len(stream.all()), 2 * len(calls))
        self.assert_nothing_is_left(server.client())
        stream.cancel()
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sys.exit(main())
