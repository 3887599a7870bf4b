// SPDX-License-Identifier: Apache-2.0
#include "supervisor/process_search.h"

#include <sys/stat.h>

#include <string>

#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/sys/proc.h"
#include "supervisor/container_files.h"

namespace chock::supervisor {

namespace {

// What a container has of its own: a pid namespace, a cgroup, or both.
struct Place {
  dev_t device;
  ino_t pid_namespace;
  std::string cgroup;
  bool operator==(const Place&) const = default;
};

std::optional<Place> place_of(const std::string& process) {
  const Result<sys::StateDir> dir = sys::StateDir::open("/proc/" + process);
  struct stat info{};
  if (!dir || ::fstatat(dir->fd(), "ns/pid", &info, 0) != 0) {
    return std::nullopt;
  }
  const Result<std::optional<std::string>> cgroup = dir->read_file("cgroup", state::kFileLimit);
  if (!cgroup || !*cgroup) {
    return std::nullopt;
  }
  return Place{info.st_dev, info.st_ino, **cgroup};
}

}  // namespace

bool works_in(pid_t pid, const sys::StateDir& dir) {
  const std::string link = "/proc/" + std::to_string(pid) + "/cwd";
  struct stat theirs{};
  struct stat ours{};
  return ::stat(link.c_str(), &theirs) == 0 && ::fstat(dir.fd(), &ours) == 0 &&
         theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

bool lives_beside_init(const sys::StateDir& dir, pid_t pid) {
  const Result<sys::StateDir> init = dir.open_dir(std::string("../") + state::layout::kInit);
  const Result<std::optional<pid_t>> init_pid = init ? read_pid(*init) : std::nullopt;
  if (!init_pid || !*init_pid || **init_pid == pid) {
    return false;
  }
  const std::optional<Place> theirs = place_of(std::to_string(pid));
  return theirs && theirs == place_of(std::to_string(**init_pid)) && theirs != place_of("self");
}

std::optional<sys::Pidfd> find_process_in(const sys::StateDir& dir) {
  const Result<sys::StateDir> proc = sys::StateDir::open("/proc");
  const auto entries = proc ? proc->list() : std::unexpected(proc.error());
  if (!entries) {
    return std::nullopt;
  }
  for (const sys::StateDir::Entry& entry : *entries) {
    const std::optional<uint64_t> pid = sys::parse_number(entry.name);
    if (!pid || !std::in_range<pid_t>(*pid) || !works_in(static_cast<pid_t>(*pid), dir)) {
      continue;
    }
    Result<sys::Pidfd> found = sys::Pidfd::open(static_cast<pid_t>(*pid));
    // Looked at again, now that its number cannot go on to anybody else.
    if (found && works_in(found->pid(), dir)) {
      return *std::move(found);
    }
  }
  return std::nullopt;
}

}  // namespace chock::supervisor
