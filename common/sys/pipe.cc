// SPDX-License-Identifier: Apache-2.0
#include "common/sys/pipe.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

namespace chock::sys {

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return system_error("make pipe");
  }
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<void> set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return system_error("set non-blocking");
  }
  return {};
}

size_t bytes_waiting(int fd) {
  int count = 0;
  if (::ioctl(fd, FIONREAD, &count) != 0 || count < 0) {
    return 0;
  }
  return static_cast<size_t>(count);
}

bool grow_pipe(int fd) {
  const int size = ::fcntl(fd, F_GETPIPE_SZ);
  if (size <= 0 || size >= kPipeSizeMax) {
    return false;
  }
  return ::fcntl(fd, F_SETPIPE_SZ, size * 2) > size;
}

}  // namespace chock::sys
