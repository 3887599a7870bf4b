// SPDX-License-Identifier: Apache-2.0
#include "common/sys/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

constexpr unsigned kAll = 7;  // a bit for each of 0, 1 and 2

bool has(unsigned set, int fd) { return ((set >> static_cast<unsigned>(fd)) & 1U) != 0; }

// As it is to be: an end of file to a reader, an error to a writer, inherited.
bool stands_for_nothing(int fd) {
  struct stat info{};
  char byte = 0;
  return ::fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3) &&
         ::fcntl(fd, F_GETFD) == 0 && ::read(fd, &byte, 1) == 0 && ::write(fd, &byte, 1) == -1 &&
         errno == EBADF;
}

// In a child in which the streams of `missing` are closed and the others are `file`.
uint32_t open_those_missing(unsigned missing, int file) {
  const Pidfd child = test::fork_child([missing, file] {
    struct stat expected{};
    ::fstat(file, &expected);
    for (const int fd : {0, 1, 2}) {
      ::dup2(file, fd);
    }
    for (const int fd : {0, 1, 2}) {
      if (has(missing, fd)) {
        ::close(fd);
      }
    }
    open_missing_streams();
    for (const int fd : {0, 1, 2}) {
      struct stat info{};
      const bool kept = ::fstat(fd, &info) == 0 && info.st_ino == expected.st_ino;
      if (has(missing, fd) ? !stands_for_nothing(fd) : !kept) {
        return 10 + fd;
      }
    }
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC) > 2 ? 0 : 20;
  });
  return test::wait_for(child).status.number();
}

TEST(standard_streams, those_that_are_missing_and_no_others) {
  const test::TempDir dir;
  const UniqueFd file = test::open_fd(dir / "file", O_RDWR | O_CREAT);
  for (unsigned missing = 0; missing <= kAll; ++missing) {
    EXPECT_EQ(open_those_missing(missing, file.get()), 0U) << "missing: " << missing;
  }
}

TEST(standard_streams, ends_rather_than_go_on_without) {
  const Pidfd child = test::fork_child([] {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::setrlimit(RLIMIT_NOFILE, &none);
    ::close(0);
    open_missing_streams();
    return 0;
  });
  EXPECT_EQ(test::wait_for(child).status.number(), 128U + SIGABRT);
}

}  // namespace
}  // namespace chock::sys
