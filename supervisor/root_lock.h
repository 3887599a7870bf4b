// SPDX-License-Identifier: Apache-2.0
// RootLock is held by the one server of a state root, for as long as it lives (D75), and says where
// it listens.
#pragma once

#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/lock_file.h"
#include "common/sys/state_dir.h"

namespace chock::supervisor {

class RootLock {
 public:
  // A root that has a server is an Error that says which process it is. Blocks for what a server
  // that was killed has not let go of yet: for milliseconds, as a rule.
  [[nodiscard]] static Result<RootLock> take(const sys::StateDir& root);

  // For clients: where we listen.
  [[nodiscard]] Result<void> announce(const std::string& socket) const;

 private:
  explicit RootLock(sys::LockFile lock) : lock_(std::move(lock)) {}
  sys::LockFile lock_;
};

// Where the server of this root listens, or the last one did; nothing if there never was one that
// said so. Whether it still does shows when connecting.
[[nodiscard]] std::optional<std::string> announced_socket(const sys::StateDir& root);

}  // namespace chock::supervisor
