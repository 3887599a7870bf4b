// SPDX-License-Identifier: Apache-2.0
// OutputTail saves what nobody has read: the kernel throws a fifo's content away when the last one
// who has it open is gone, which at the end is the shim.
#pragma once

#include <cstdint>

#include "common/result.h"
#include "common/sys/atomic_file.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"
#include "shim/stdio_opening.h"

namespace chock::shim {

class OutputTail {
 public:
  // Makes the file ready whose final name is `name`; it appears only if it is needed. `dir` must
  // outlive this object.
  [[nodiscard]] static Result<OutputTail> reserve(const sys::StateDir& dir, const char* name);

  // Closes our ends of a client's fifo. If nobody else reads it, what it holds is in the file
  // afterwards: at most its capacity, hence a mebibyte. Returns how many bytes were saved.
  [[nodiscard]] Result<uint64_t> release(ClientFile fifo);

 private:
  explicit OutputTail(sys::AtomicFile file) : file_(std::move(file)) {}
  sys::AtomicFile file_;
};

}  // namespace chock::shim
