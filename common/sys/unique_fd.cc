// SPDX-License-Identifier: Apache-2.0
#include "common/sys/unique_fd.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

namespace chock::sys {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ < 0) {
    return;
  }
  const int result = ::close(std::exchange(fd_, -1));
  // EBADF means that somebody else closed our number: the next close may hit a stranger's file.
  assert(result == 0 || errno != EBADF);
  static_cast<void>(result);  // Nothing useful can be done about EIO at this point.
}

Result<ReadResult> read_some(int fd, void* buffer, size_t size, std::string_view object) {
  ssize_t count = -1;
  do {
    count = ::read(fd, buffer, size);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    return ReadResult{ReadResult::Kind::Bytes, static_cast<size_t>(count)};
  }
  if (count == 0) {
    return ReadResult{ReadResult::Kind::End, 0};
  }
  if (errno == EAGAIN) {
    return ReadResult{ReadResult::Kind::WouldBlock, 0};
  }
  return system_error("read", object);
}

Result<std::string> read_all(int fd, size_t limit, std::string_view object) {
  constexpr size_t kChunk = 4096;
  std::string text;
  while (true) {
    const size_t used = text.size();
    text.resize(used + kChunk);
    const ReadResult got = TRY(read_some(fd, text.data() + used, kChunk, object));
    text.resize(used + got.bytes);
    if (got.kind != ReadResult::Kind::Bytes) {
      text.shrink_to_fit();  // some callers keep it, and it has room for two chunks by now
      return text;
    }
    if (text.size() > limit) {
      return system_error(EFBIG, "read", object);
    }
  }
}

Result<void> write_all(int fd, std::string_view text, std::string_view object) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return system_error("write", object);
    }
    text.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

}  // namespace chock::sys
