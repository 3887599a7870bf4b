// SPDX-License-Identifier: Apache-2.0
#include "supervisor/freezer.h"

#include "supervisor/container_cgroups.h"

namespace chock::supervisor {

bool is_frozen(const sys::CgroupMounts& mounts, pid_t pid) {
  const std::optional<sys::Cgroup> cgroup = mounts.find(sys::read_process_cgroups(pid), "freezer");
  if (!cgroup) {
    return false;
  }
  const CgroupFiles files(cgroup->path);
  if (cgroup->unified) {
    return files.number("cgroup.freeze") == 1;
  }
  // FREEZING while some of its processes are not there yet, which crun does not wait for: what has
  // been asked for counts, as in cgroup.freeze above.
  const std::string state = files.text("freezer.state");
  return state.starts_with("FROZEN") || state.starts_with("FREEZING");
}

}  // namespace chock::supervisor
