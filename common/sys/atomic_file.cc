// SPDX-License-Identifier: Apache-2.0
#include "common/sys/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

namespace chock::sys {
namespace {

// From the beginning on. A disk that becomes full takes a part, and only the next call says so.
Result<void> overwrite(int fd, std::string_view text, std::string_view object) {
  off_t at = 0;
  while (!text.empty()) {
    const ssize_t count = ::pwrite(fd, text.data(), text.size(), at);
    if (count < 0) {
      return system_error("write", object);
    }
    at += count;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

}  // namespace

Result<AtomicFile> AtomicFile::make(const StateDir& dir, std::string name, size_t reserve,
                                    std::string_view suffix) {
  std::string temporary = "." + name + std::string(suffix);
  TRY(dir.remove_file(temporary));
  UniqueFd fd = TRY(dir.open_entry(temporary, O_WRONLY | O_CREAT | O_EXCL));
  AtomicFile file(dir, std::move(name), std::move(temporary), std::move(fd));
  // Written, not fallocated: every file system can do it, and tmpfs accounts the page now.
  TRY(write_all(file.fd_.get(), std::string(reserve, ' '), file.name_));
  return file;
}

AtomicFile::~AtomicFile() {
  if (fd_.valid()) {
    static_cast<void>(dir_->remove_file(temporary_));  // at worst the next writer discards it
  }
}

Result<void> AtomicFile::commit(std::string_view text) {
  // Overwritten in place, then cut: truncating first would give the reserved block back.
  TRY(overwrite(fd_.get(), text, name_));
  if (::ftruncate(fd_.get(), static_cast<off_t>(text.size())) != 0) {
    return system_error("write", name_);
  }
  return commit_written();
}

Result<void> AtomicFile::commit_written() {
  if (::renameat(dir_->fd(), temporary_.c_str(), dir_->fd(), name_.c_str()) != 0) {
    return system_error("write", name_);
  }
  fd_.reset();
  return {};
}

Result<void> write_file(const StateDir& dir, const std::string& name, std::string_view text) {
  AtomicFile file = TRY(AtomicFile::make(dir, name));
  return file.commit(text);
}

}  // namespace chock::sys
