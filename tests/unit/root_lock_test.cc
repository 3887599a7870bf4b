// SPDX-License-Identifier: Apache-2.0
#include "supervisor/root_lock.h"

#include <signal.h>
#include <unistd.h>

#include "common/state/layout.h"
#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

// What a server is that has been killed between vfork(2) and the execve(2) of its child: nothing
// but that child, who lets go when `go` is closed, and a moment later.
void leave_heir(const sys::StateDir& root, sys::Pipe& go, sys::Pipe& ready) {
  const sys::Pidfd server = test::fork_child([&] {
    const Result<RootLock> lock = RootLock::take(root);
    if (!lock || !lock->announce("socket")) {
      return 1;
    }
    const sys::Pidfd heir = test::fork_child([&] {
      go.write.reset();
      ready.write.reset();
      static_cast<void>(test::wait_ready(go.read.get(), POLLIN));
      ::usleep(100'000);
      return 0;
    });
    ready.write.reset();
    while (true) {
      ::pause();
    }
  });
  ready.write.reset();
  EXPECT_TRUE(test::wait_ready(ready.read.get(), POLLIN));
  test::must(server.signal(SIGKILL));
  EXPECT_EQ(test::wait_for(server).status.signal(), SIGKILL);
}

TEST(root_lock, is_taken_from_what_is_left_of_a_killed_server) {
  const test::TempDir temp;
  const sys::StateDir root = temp.open();
  sys::Pipe go = test::must(sys::make_pipe());
  sys::Pipe ready = test::must(sys::make_pipe());
  leave_heir(root, go, ready);
  ASSERT_FALSE(test::must(sys::LockFile::try_lock(root, state::layout::kSupervisorLock)));
  go.write.reset();
  test::must(RootLock::take(root));
}

}  // namespace
}  // namespace chock::supervisor
