// SPDX-License-Identifier: Apache-2.0
// What a runtime that is killed leaves of a container that it had not written down yet, as while a
// createRuntime hook runs: nobody can tell the runtime to delete that.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "common/sys/pidfd.h"
#include "supervisor/fd_watch.h"

namespace chock::supervisor {

class Leftovers {
 public:
  Leftovers() = default;
  // What the shim's runtime has made so far, as far as that has processes in it: those descendants
  // of the shim that are in control groups of their own, and these groups. To be asked before
  // anything is killed. Nothing if the shim has ended.
  [[nodiscard]] static Leftovers of(pid_t shim);

  // After the runtime has deleted what it knows of. Ends the processes, within a bound, and removes
  // the groups, unless they have gone or are not empty: then they are not the container's alone.
  [[nodiscard]] Awaitable<void> remove() const;

 private:
  std::vector<sys::Pidfd> processes_;
  std::set<std::string> groups_;
};

}  // namespace chock::supervisor
