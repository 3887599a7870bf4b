// SPDX-License-Identifier: Apache-2.0
// LockFile is a lock that the kernel lets go when its holder dies, however it dies: liveness
// without a process number. flock(2) on a file that stays.
#pragma once

#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

class LockFile {
 public:
  // Nothing if somebody holds it.
  [[nodiscard]] static Result<std::optional<LockFile>> try_lock(const StateDir& dir,
                                                                const std::string& name);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit LockFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// The same of a directory itself, for as long as `dir` is open. False: somebody holds it.
[[nodiscard]] Result<bool> try_lock_dir(const StateDir& dir);

}  // namespace chock::sys
