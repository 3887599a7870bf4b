// SPDX-License-Identifier: Apache-2.0
// The control groups of a container, and reading their files.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/sys/cgroup.h"
#include "common/sys/state_dir.h"

namespace chock::supervisor {

class ContainerCgroups {
 public:
  // Of the container whose init is `init`, which lives.
  ContainerCgroups(const sys::CgroupMounts& mounts, pid_t init);
  // From the texts of /proc/PID/cgroup of its init and of ourselves.
  ContainerCgroups(const sys::CgroupMounts& mounts, std::string init, std::string ours)
      : mounts_(&mounts), init_(std::move(init)), ours_(std::move(ours)) {}

  // Nothing if it has none of its own, as it may be without root: what is counted in the one that
  // it shares with us is not its doing.
  [[nodiscard]] std::optional<sys::Cgroup> find(std::string_view controller) const;

 private:
  const sys::CgroupMounts* mounts_;
  std::string init_, ours_;
};

// The files of one control group, which may go at any time; one that has gone reads as empty.
class CgroupFiles {
 public:
  explicit CgroupFiles(const std::string& path);

  // Nothing if it has gone, or has no such file.
  [[nodiscard]] std::optional<std::string> content(const std::string& name) const;
  [[nodiscard]] std::string text(const std::string& name) const;
  [[nodiscard]] uint64_t number(const std::string& name) const;  // 0: not known
  [[nodiscard]] std::vector<sys::StateDir::Entry> list() const;

 private:
  std::optional<sys::StateDir> dir_;
};

}  // namespace chock::supervisor
