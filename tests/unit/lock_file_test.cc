// SPDX-License-Identifier: Apache-2.0
#include "common/sys/lock_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

TEST(lock_file, one_holder_at_a_time) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  {
    const auto held = test::must(LockFile::try_lock(dir, "lock"));
    ASSERT_TRUE(held.has_value());
    EXPECT_FALSE(test::must(LockFile::try_lock(dir, "lock")).has_value());
    EXPECT_TRUE(test::must(LockFile::try_lock(dir, "other")).has_value());
    EXPECT_EQ(::fcntl(held->fd(), F_GETFD), FD_CLOEXEC);
  }
  EXPECT_TRUE(test::must(LockFile::try_lock(dir, "lock")).has_value());
  struct stat info{};
  ASSERT_EQ(::stat((temp / "lock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFREG | 0600U);
}

TEST(lock_file, held_until_the_holder_dies_however_it_dies) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  Pipe ready = test::must(make_pipe());
  const Pidfd holder = test::fork_child([&] {
    const auto lock = LockFile::try_lock(dir, "lock");
    if (!lock || !*lock) {
      return 1;
    }
    ready.write.reset();
    while (true) {
      ::pause();
    }
  });
  ready.write.reset();
  ASSERT_TRUE(test::wait_ready(ready.read.get(), POLLIN));
  EXPECT_FALSE(test::must(LockFile::try_lock(dir, "lock")).has_value());
  test::must(holder.signal(SIGKILL));
  EXPECT_EQ(test::wait_for(holder).status.signal(), SIGKILL);
  EXPECT_TRUE(test::must(LockFile::try_lock(dir, "lock")).has_value());
}

TEST(lock_file, only_a_regular_file_is_a_lock) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  test::must(dir.make_fifo("fifo"));
  static_cast<void>(test::must(dir.make_dir("dir")));
  ASSERT_EQ(::symlink("elsewhere", (temp / "link").c_str()), 0);
  EXPECT_EQ(test::error_of(LockFile::try_lock(dir, "fifo")), "open fifo: not a regular file");
  EXPECT_EQ(test::code_of(LockFile::try_lock(dir, "dir")), EISDIR);
  EXPECT_EQ(test::code_of(LockFile::try_lock(dir, "link")), ELOOP);
}

}  // namespace
}  // namespace chock::sys
