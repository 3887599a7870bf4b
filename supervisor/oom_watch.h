// SPDX-License-Identifier: Apache-2.0
// OomWatch tells whether memory has run out in a container. What the kernel announces is a hint to
// look; what its counters say is the truth.
#pragma once

#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/cgroup.h"
#include "common/sys/unique_fd.h"
#include "supervisor/container_cgroups.h"
#include "supervisor/fd_watch.h"

namespace chock::supervisor {

class OomWatch {
 public:
  // Whose limit it was that the container could not stay below.
  enum class Limit { Own, Above, Unknown };

  // Everything from now on is seen. Nothing if the container's memory is not limited by itself.
  [[nodiscard]] static Result<std::optional<OomWatch>> arm(const ContainerCgroups& cgroups);

  // Completes when there may be something to see. Not once it is over().
  [[nodiscard]] Awaitable<void> hint() const;
  // What has happened since the last look, or since it was armed. The kernel announces that it will
  // kill before it counts that it has, so a hint may be worth several looks.
  [[nodiscard]] std::optional<Limit> look();
  // The control group has gone.
  [[nodiscard]] bool over() const { return over_; }

 private:
  OomWatch(sys::Cgroup cgroup, sys::UniqueFd hints)
      : cgroup_(std::move(cgroup)), hints_(std::move(hints)) {}

  [[nodiscard]] uint64_t take_signals() const;
  [[nodiscard]] std::optional<sys::OomCounts> read_counts() const;
  [[nodiscard]] Limit whose_limit(const sys::OomCounts& now) const;
  [[nodiscard]] std::optional<Limit> compare(const sys::OomCounts& now);

  sys::Cgroup cgroup_;
  sys::UniqueFd hints_;       // version 1: an eventfd; version 2: memory.events
  sys::OomCounts reported_;   // what was counted when it was last told, or armed
  bool unexplained_ = false;  // there was a signal, and the counters have not moved yet
  bool over_ = false;
};

}  // namespace chock::supervisor
