// SPDX-License-Identifier: Apache-2.0
// Waiting for somebody to open the other end of a fifo, without blocking and without polling.
#pragma once

#include <string>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

// Says when anybody opens one of the fifos it was told of. One per program is enough.
class OpenNotice {
 public:
  [[nodiscard]] static Result<OpenNotice> make();
  [[nodiscard]] Result<void> add(const std::string& path) const;
  [[nodiscard]] int fd() const { return fd_.get(); }  // readable when something was opened
  void drain() const;

 private:
  explicit OpenNotice(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// Opens the fifo at `path` for writing although nobody may read it yet. Register the path with an
// OpenNotice first, then look at has_reader(), now and at every notice.
[[nodiscard]] Result<UniqueFd> open_fifo_writer(const std::string& path);

// Whether anybody has the fifo open for reading, seen from a writing end.
[[nodiscard]] bool has_reader(int writer);

// Whether anybody has the fifo open for writing, seen from a reading end that does not block.
// Unlike a hang-up this is also true to the facts if the writer had gone before `reader` was
// opened. Data, which exit fifos never carry, is thrown away.
[[nodiscard]] bool has_writer(int reader);

}  // namespace chock::sys
