// SPDX-License-Identifier: Apache-2.0
#include "common/sys/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

namespace chock::sys {

Result<std::optional<LockFile>> LockFile::try_lock(const StateDir& dir, const std::string& name) {
  UniqueFd fd = TRY(dir.open_entry(name, O_RDWR | O_CREAT));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
    return LockFile(std::move(fd));
  }
  if (errno == EWOULDBLOCK) {
    return std::nullopt;
  }
  return system_error("lock", name);
}

Result<bool> try_lock_dir(const StateDir& dir) {
  if (::flock(dir.fd(), LOCK_EX | LOCK_NB) == 0) {
    return true;
  }
  if (errno == EWOULDBLOCK) {
    return false;
  }
  return system_error("lock", dir.path());
}

}  // namespace chock::sys
