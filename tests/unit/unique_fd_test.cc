// SPDX-License-Identifier: Apache-2.0
#include "common/sys/unique_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(unique_fd, closes_once_and_moves) {
  const UniqueFd empty;
  EXPECT_FALSE(empty.valid());
  UniqueFd a = test::open_fd("/dev/null", O_RDONLY);
  const int number = a.get();
  UniqueFd b(std::move(a));
  EXPECT_FALSE(a.valid());  // NOLINT(bugprone-use-after-move): the state after a move is promised
  EXPECT_EQ(b.get(), number);
  UniqueFd c = test::open_fd("/dev/null", O_RDONLY);
  const int replaced = c.get();
  c = std::move(b);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_TRUE(is_open(number));
  c.reset();
  EXPECT_FALSE(is_open(number));
  c.reset();
  EXPECT_FALSE(c.valid());
}

TEST(unique_fd, take_gives_the_descriptor_away) {
  int number = -1;
  {
    UniqueFd fd = test::open_fd("/dev/null", O_RDONLY);
    number = fd.take();
    EXPECT_FALSE(fd.valid());
  }
  EXPECT_TRUE(is_open(number));
  const UniqueFd back(number);
}

TEST(unique_fd, closing_somebody_elses_number_is_a_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        UniqueFd fd = test::open_fd("/dev/null", O_RDONLY);
        ::close(fd.get());
        fd.reset();
      },
      "EBADF");
}

TEST(unique_fd, read_some_tells_bytes_nothing_yet_and_end) {
  Pipe pipe = test::make_nonblocking_pipe();
  std::array<char, 8> buffer{};
  const auto read = [&] {
    return test::must(read_some(pipe.read.get(), buffer.data(), buffer.size(), "pipe"));
  };
  EXPECT_EQ(read().kind, ReadResult::Kind::WouldBlock);
  test::must(write_all(pipe.write.get(), "0123456789", "pipe"));
  EXPECT_EQ(read().bytes, 8U);
  const ReadResult rest = read();
  EXPECT_EQ(rest.kind, ReadResult::Kind::Bytes);
  EXPECT_EQ(rest.bytes, 2U);
  pipe.write.reset();
  EXPECT_EQ(read().kind, ReadResult::Kind::End);
  EXPECT_EQ(test::error_of(read_some(-1, buffer.data(), buffer.size(), "it")),
            "read it: bad file descriptor");
}

TEST(unique_fd, read_all_has_a_limit) {
  const test::TempDir dir;
  const std::string path = dir / "file";
  const auto read = [&](size_t limit) {
    return read_all(test::open_fd(path, O_RDONLY).get(), limit, "file");
  };
  for (const size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 100000UL}) {
    const std::string text(size, 'x');
    test::write_text(path, text);
    EXPECT_EQ(test::must(read(size)), text);
    EXPECT_EQ(test::must(read(size + 1)), text);
    if (size > 0) {
      EXPECT_EQ(test::error_of(read(size - 1)), "read file: file too large");
    }
  }
}

TEST(unique_fd, write_all_reports_what_failed) {
  EXPECT_EQ(test::error_of(write_all(test::open_fd("/dev/full", O_WRONLY).get(), "x", "disk")),
            "write disk: no space left on device");
  EXPECT_EQ(test::error_of(write_all(-1, "", "nothing")), "(no error)");
}

}  // namespace
}  // namespace chock::sys
