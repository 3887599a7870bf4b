// SPDX-License-Identifier: Apache-2.0
// Capture takes what a child writes, in memory and bounded. It is a file, not a pipe: nobody has to
// read while the child runs, a child that floods cannot block on us (it gets EPERM at the limit),
// and a descendant that keeps the descriptor cannot make us wait for an end of file.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

class Capture {
 public:
  // `name` is for people who look into /proc, and for Errors.
  [[nodiscard]] static Result<Capture> make(const char* name, off_t limit);

  // To be the child's stdout or stderr.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // What has been written so far.
  [[nodiscard]] Result<std::string> read() const;

 private:
  Capture(UniqueFd fd, const char* name) : fd_(std::move(fd)), name_(name) {}

  UniqueFd fd_;
  const char* name_;
};

}  // namespace chock::sys
