// SPDX-License-Identifier: Apache-2.0
#include "supervisor/own_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace chock::supervisor {

Result<OwnStream> OwnStream::open(int fd) {
  const std::string name = "standard stream " + std::to_string(fd);
  sys::UniqueFd shared(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  struct stat info{};
  const int flags = ::fcntl(fd, F_GETFL);
  if (!shared.valid() || flags < 0 || ::fstat(fd, &info) != 0) {
    return system_error("open", name);
  }
  if (S_ISREG(info.st_mode) || (flags & O_NONBLOCK) != 0) {
    return OwnStream(std::move(shared), false);
  }
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const int mode = fd == STDIN_FILENO ? O_RDONLY : O_WRONLY;
  sys::UniqueFd own(::open(path.c_str(), mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own.valid()) {
    return OwnStream(std::move(own), false);
  }
  if (::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return system_error("set non-blocking", name);
  }
  return OwnStream(std::move(shared), true);
}

OwnStream::~OwnStream() {
  if (!restore_ || !fd_.valid()) {
    return;
  }
  const int flags = ::fcntl(fd_.get(), F_GETFL);
  static_cast<void>(::fcntl(fd_.get(), F_SETFL, flags & ~O_NONBLOCK));  // nobody left to tell
}

}  // namespace chock::supervisor
