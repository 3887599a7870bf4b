// SPDX-License-Identifier: Apache-2.0
#include "common/sys/fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sys/proc.h"
#include "tests/unit/support.h"

namespace chock::sys {
namespace {

class Fifo {
 public:
  Fifo() : path_(dir_ / "fifo") { EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  test::TempDir dir_;
  std::string path_;
};

// A child that opens the fifo as a shell would, without O_NONBLOCK, and reads it to its end.
Pidfd blocking_reader(const std::string& path) {
  return test::fork_child([&path] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char byte = 0;
    return ::read(fd.get(), &byte, 1) == 1 ? byte : 1;
  });
}

// The only thing that such a child sleeps in before there is a writer is its open.
void wait_until_asleep(pid_t pid) {
  while (test::must(test::must(read_process_stat(pid))).state != 'S') {
    ::sched_yield();
  }
}

TEST(fifo, a_writer_opens_without_a_reader) {
  const Fifo fifo;
  const UniqueFd writer = test::must(open_fifo_writer(fifo.path()));
  EXPECT_FALSE(has_reader(writer.get()));
  EXPECT_EQ(::fcntl(writer.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(writer.get(), F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
}

TEST(fifo, a_missing_one_is_an_error) {
  const test::TempDir dir;
  const std::string path = dir / "missing";
  EXPECT_EQ(test::error_of(open_fifo_writer(path)), "open " + path + ": no such file or directory");
  const OpenNotice notice = test::must(OpenNotice::make());
  EXPECT_EQ(test::error_of(notice.add(path)), "watch " + path + ": no such file or directory");
}

TEST(fifo, a_reader_that_was_blocked_in_open_already) {
  const Fifo fifo;
  const Pidfd reader = blocking_reader(fifo.path());
  wait_until_asleep(reader.pid());
  const UniqueFd writer = test::must(open_fifo_writer(fifo.path()));
  EXPECT_TRUE(has_reader(writer.get()));
  test::must(write_all(writer.get(), "\x07", "fifo"));
  EXPECT_EQ(test::wait_for(reader).status.code(), 7);
  EXPECT_FALSE(has_reader(writer.get()));
}

TEST(fifo, a_reader_that_comes_later_is_noticed) {
  const Fifo fifo;
  const OpenNotice notice = test::must(OpenNotice::make());
  test::must(notice.add(fifo.path()));
  const UniqueFd writer = test::must(open_fifo_writer(fifo.path()));
  notice.drain();  // our own opens
  EXPECT_FALSE(has_reader(writer.get()));
  const Pidfd reader = blocking_reader(fifo.path());
  EXPECT_TRUE(test::wait_ready(notice.fd(), POLLIN));
  EXPECT_TRUE(has_reader(writer.get()));
  test::must(write_all(writer.get(), "\x09", "fifo"));
  EXPECT_EQ(test::wait_for(reader).status.code(), 9);
}

TEST(fifo, a_reader_that_does_not_block_comes_leaves_and_returns) {
  const Fifo fifo;
  const OpenNotice notice = test::must(OpenNotice::make());
  test::must(notice.add(fifo.path()));
  const UniqueFd writer = test::must(open_fifo_writer(fifo.path()));
  for (int round = 0; round < 100; ++round) {
    notice.drain();
    {
      const UniqueFd reader = test::open_fd(fifo.path(), O_RDONLY | O_NONBLOCK);
      EXPECT_TRUE(test::wait_ready(notice.fd(), POLLIN));
      EXPECT_TRUE(has_reader(writer.get()));
    }
    EXPECT_FALSE(has_reader(writer.get()));
  }
}

TEST(fifo, one_that_opened_before_the_writer_is_seen) {
  const Fifo fifo;
  const UniqueFd reader = test::open_fd(fifo.path(), O_RDONLY | O_NONBLOCK);
  const UniqueFd writer = test::must(open_fifo_writer(fifo.path()));
  EXPECT_TRUE(has_reader(writer.get()));
}

TEST(fifo, one_notice_serves_several_fifos) {
  const Fifo first;
  const Fifo second;
  const OpenNotice notice = test::must(OpenNotice::make());
  test::must(notice.add(first.path()));
  test::must(notice.add(second.path()));
  for (const Fifo* fifo : {&first, &second}) {
    const UniqueFd both = test::open_fd(fifo->path(), O_RDWR);
    EXPECT_TRUE(test::wait_ready(notice.fd(), POLLIN));
    notice.drain();
    pollfd poll_fd{notice.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&poll_fd, 1, 0), 0) << "drained";
  }
}

}  // namespace
}  // namespace chock::sys
