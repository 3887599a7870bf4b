// SPDX-License-Identifier: Apache-2.0
#include "supervisor/leftovers.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "common/state/json.h"
#include "common/sys/cgroup.h"
#include "common/sys/proc.h"
#include "common/sys/state_dir.h"
#include "supervisor/first_of.h"

namespace chock::supervisor {
namespace {

constexpr std::chrono::seconds kMemberGrace{10};

std::set<std::string> paths_of(const std::vector<sys::Cgroup>& groups) {
  std::set<std::string> paths;
  for (const sys::Cgroup& group : groups) {
    paths.insert(group.path);
  }
  return paths;
}

// Whichever thread of the process has made them: /proc/PID/task/TID/children, proc(5).
void add_children(pid_t pid, std::vector<pid_t>& found) {
  const auto tasks = sys::StateDir::open("/proc/" + std::to_string(pid) + "/task");
  const auto threads = tasks ? tasks->list() : std::unexpected(tasks.error());
  if (!threads) {
    return;  // it has ended
  }
  for (const sys::StateDir::Entry& thread : *threads) {
    const auto text = tasks->read_file(thread.name + "/children", state::kFileLimit);
    sys::for_each_line(text ? text->value_or("") : "", [&found](const auto& words) {
      for (const std::string_view word : words) {
        if (const std::optional<pid_t> child = sys::parse_pid(word)) {
          found.push_back(*child);
        }
      }
    });
  }
}

}  // namespace

Leftovers Leftovers::of(pid_t shim) {
  Leftovers left;
  const sys::CgroupMounts mounts = sys::CgroupMounts::read();
  const std::set<std::string> common = paths_of(mounts.all(sys::read_process_cgroups(shim)));
  std::vector<pid_t> family{shim};
  for (size_t i = 0; i < family.size(); ++i) {
    add_children(family[i], family);
    std::set<std::string> own = paths_of(mounts.all(sys::read_process_cgroups(family[i])));
    std::erase_if(own, [&common](const std::string& path) { return common.contains(path); });
    Result<sys::Pidfd> process = sys::Pidfd::open(family[i]);
    if (process && !own.empty()) {
      left.processes_.push_back(*std::move(process));
      left.groups_.merge(own);
    }
  }
  return left;
}

Awaitable<void> Leftovers::remove() const {
  for (const sys::Pidfd& process : processes_) {
    static_cast<void>(process.signal(SIGKILL));  // it may have ended with its runtime
  }
  for (const sys::Pidfd& process : processes_) {
    co_await first_of(readable(process.fd()), pause_for(kMemberGrace));
  }
  for (const std::string& group : groups_) {
    ::rmdir(group.c_str());
  }
}

}  // namespace chock::supervisor
