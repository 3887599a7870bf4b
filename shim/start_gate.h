// SPDX-License-Identifier: Apache-2.0
// StartGate tells when a container must not be deleted yet because its `start` is not finished.
//
// The init of a created container waits at a fifo of the runtime's. `start`, which the supervisor
// runs after it has seen `pid`, opens that fifo, whereupon init goes on; only then does `start`
// remove it, and it fails if it is not there. An init that ends at once can be deleted that
// quickly, and then a process that has run is reported as one that could not be started.
//
// The contract's original has the same gap, behind the two runtime calls that it makes at an exit.
// One of these is spared where it does nothing, so here the gap is closed.
#pragma once

#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::shim {

class StartGate {
 public:
  // The fifo at which `init` waits, as runc and crun make it; nothing for a runtime that has none,
  // or if it cannot be seen. To be called before anybody can know of `init`.
  [[nodiscard]] static std::optional<StartGate> find(pid_t init);

  // Whether a `start` has opened the fifo and not removed it yet.
  [[nodiscard]] bool start_under_way() const;

  // Readable whenever the answer may have changed since: call drain() and ask again. To be made
  // only if a `start` is under way, and asked once more then.
  [[nodiscard]] Result<void> watch();
  [[nodiscard]] int fd() const { return notice_.get(); }
  void drain() const;

 private:
  explicit StartGate(std::string path) : path_(std::move(path)) {}
  std::string path_;
  sys::UniqueFd notice_;
};

}  // namespace chock::shim
