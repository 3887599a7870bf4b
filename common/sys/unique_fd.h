// SPDX-License-Identifier: Apache-2.0
// UniqueFd owns one file descriptor. Parameters of type `int fd` borrow, UniqueFd takes.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>

#include "common/result.h"

namespace chock::sys {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Closes now. Never retried on EINTR: Linux has released the number by then (close(2), NOTES).
  void reset();
  [[nodiscard]] int take() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;  // -1: owns nothing
};

// What a non-blocking read brought.
struct ReadResult {
  enum class Kind { Bytes, WouldBlock, End };
  Kind kind = Kind::End;
  size_t bytes = 0;
};

// One read(2), EINTR retried. Any other failure is an Error ("read <object>").
[[nodiscard]] Result<ReadResult> read_some(int fd, void* buffer, size_t size,
                                           std::string_view object);

// Everything up to end of file; more than `limit` bytes is an error (EFBIG).
[[nodiscard]] Result<std::string> read_all(int fd, size_t limit, std::string_view object);

// Every byte of `text`, to a descriptor that blocks or is a regular file.
[[nodiscard]] Result<void> write_all(int fd, std::string_view text, std::string_view object);

}  // namespace chock::sys
