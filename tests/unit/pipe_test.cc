// SPDX-License-Identifier: Apache-2.0
#include "common/sys/pipe.h"

#include <fcntl.h>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

TEST(pipe, ends_are_named_and_close_on_exec) {
  const Pipe pipe = test::must(make_pipe());
  test::must(write_all(pipe.write.get(), "x", "pipe"));
  EXPECT_EQ(bytes_waiting(pipe.read.get()), 1U);
  EXPECT_EQ(::fcntl(pipe.read.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFD), FD_CLOEXEC);
}

TEST(pipe, set_nonblocking_leaves_the_other_end_alone) {
  const Pipe pipe = test::must(make_pipe());
  test::must(set_nonblocking(pipe.read.get()));
  EXPECT_NE(::fcntl(pipe.read.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(test::code_of(set_nonblocking(-1)), EBADF);
}

TEST(pipe, bytes_waiting_counts) {
  const Pipe pipe = test::must(make_pipe());
  EXPECT_EQ(bytes_waiting(pipe.read.get()), 0U);
  test::must(write_all(pipe.write.get(), std::string(1000, 'x'), "pipe"));
  EXPECT_EQ(bytes_waiting(pipe.read.get()), 1000U);
  EXPECT_EQ(bytes_waiting(pipe.write.get()), 1000U);
  EXPECT_EQ(bytes_waiting(-1), 0U);
  EXPECT_EQ(bytes_waiting(test::open_fd("/dev/null", O_RDONLY).get()), 0U);
}

TEST(pipe, grows_by_doubling_up_to_the_limit) {
  const Pipe pipe = test::must(make_pipe());
  int size = ::fcntl(pipe.read.get(), F_GETPIPE_SZ);
  ASSERT_GT(size, 0);
  while (size < kPipeSizeMax) {
    ASSERT_TRUE(grow_pipe(pipe.read.get()));
    const int grown = ::fcntl(pipe.write.get(), F_GETPIPE_SZ);
    EXPECT_EQ(grown, size * 2);
    size = grown;
  }
  EXPECT_FALSE(grow_pipe(pipe.read.get()));
  EXPECT_EQ(::fcntl(pipe.read.get(), F_GETPIPE_SZ), kPipeSizeMax);
  EXPECT_FALSE(grow_pipe(test::open_fd("/dev/null", O_RDONLY).get()));
}

}  // namespace
}  // namespace chock::sys
