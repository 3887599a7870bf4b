// SPDX-License-Identifier: Apache-2.0
#include "common/sys/capture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace chock::sys {

Result<Capture> Capture::make(const char* name, off_t limit) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid() || ::ftruncate(fd.get(), limit) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    return system_error("make memory file", name);
  }
  return Capture(std::move(fd), name);
}

// The file position is shared with the writer and says how much was written.
Result<std::string> Capture::read() const {
  const off_t size = ::lseek(fd_.get(), 0, SEEK_CUR);
  std::string text(static_cast<size_t>(size > 0 ? size : 0), '\0');
  const ssize_t count = ::pread(fd_.get(), text.data(), text.size(), 0);
  if (count < 0) {
    return system_error("read", name_);
  }
  text.resize(static_cast<size_t>(count));
  return text;
}

}  // namespace chock::sys
