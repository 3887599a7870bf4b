// SPDX-License-Identifier: Apache-2.0
#include "supervisor/container_cgroups.h"

#include <unistd.h>

namespace chock::supervisor {
namespace {

constexpr size_t kCgroupFileLimit = 1UL << 20U;

}  // namespace

ContainerCgroups::ContainerCgroups(const sys::CgroupMounts& mounts, pid_t init)
    : ContainerCgroups(mounts, sys::read_process_cgroups(init),
                       sys::read_process_cgroups(::getpid())) {}

std::optional<sys::Cgroup> ContainerCgroups::find(std::string_view controller) const {
  std::optional<sys::Cgroup> found = mounts_->find(init_, controller);
  const bool root = found && found->path.ends_with('/');
  return root || found == mounts_->find(ours_, controller) ? std::nullopt : found;
}

CgroupFiles::CgroupFiles(const std::string& path) {
  if (Result<sys::StateDir> dir = sys::StateDir::open(path)) {
    dir_ = *std::move(dir);
  }
}

std::optional<std::string> CgroupFiles::content(const std::string& name) const {
  const Result<std::optional<std::string>> text =
      dir_ ? dir_->read_file(name, kCgroupFileLimit) : std::optional<std::string>();
  return text ? *text : std::nullopt;
}

std::string CgroupFiles::text(const std::string& name) const { return content(name).value_or(""); }

uint64_t CgroupFiles::number(const std::string& name) const {
  return sys::parse_limit(text(name)).value_or(0);
}

std::vector<sys::StateDir::Entry> CgroupFiles::list() const {
  const auto entries = dir_ ? dir_->list() : Result<std::vector<sys::StateDir::Entry>>();
  return entries ? *entries : std::vector<sys::StateDir::Entry>();
}

}  // namespace chock::supervisor
