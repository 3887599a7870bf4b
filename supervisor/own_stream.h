// SPDX-License-Identifier: Apache-2.0
// One of this program's own standard streams, made non-blocking for us and for nobody else.
#pragma once

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor {

class OwnStream {
 public:
  // `fd` is 0, 1 or 2. O_NONBLOCK belongs to the open file description, which our parent and our
  // siblings share; so the stream is opened anew where it can be. A regular file is not: it never
  // blocks, and a new description would start at its beginning. Where opening anew is impossible (a
  // socket, another user's terminal) the flag is set on the shared one and taken back at the end.
  [[nodiscard]] static Result<OwnStream> open(int fd);
  OwnStream(OwnStream&& other) noexcept = default;
  OwnStream& operator=(OwnStream&&) = delete;
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;
  ~OwnStream();

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  OwnStream(sys::UniqueFd fd, bool restore) : fd_(std::move(fd)), restore_(restore) {}

  sys::UniqueFd fd_;
  bool restore_ = false;  // O_NONBLOCK is ours to take back
};

}  // namespace chock::supervisor
