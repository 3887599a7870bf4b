// SPDX-License-Identifier: Apache-2.0
#include "supervisor/staged_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "common/sys/proc.h"

namespace chock::supervisor {
namespace {

constexpr char kMark = '~';  // not allowed in ids

std::string own_name() { return kMark + std::to_string(::getpid()); }

}  // namespace

Result<StagedDir> StagedDir::make(const sys::StateDir& root) {
  std::string name = own_name();
  TRY(root.remove_tree(name));
  Result<sys::StateDir> dir = root.make_dir(name);
  if (!dir) {  // its name is nobody's business
    return system_error(dir.error().code, "make directory in", root.path());
  }
  return StagedDir(root, std::move(name), *std::move(dir));
}

Result<StagedDir> StagedDir::take_back(const sys::StateDir& root, const sys::StateDir& parent,
                                       const std::string& name) {
  std::string staged = own_name();
  TRY(root.remove_tree(staged));
  sys::StateDir dir = TRY(parent.open_dir(name));
  if (::renameat2(parent.fd(), name.c_str(), root.fd(), staged.c_str(), RENAME_NOREPLACE) != 0) {
    return system_error("remove", parent.path_of(name));
  }
  return StagedDir(root, std::move(staged), std::move(dir));
}

StagedDir::~StagedDir() {
  if (!name_.empty()) {
    static_cast<void>(root_->remove_tree(name_));  // whoever restores the root sweeps the rest
  }
}

Result<sys::StateDir> StagedDir::publish(const sys::StateDir& parent, const std::string& name) {
  if (::renameat2(root_->fd(), name_.c_str(), parent.fd(), name.c_str(), RENAME_NOREPLACE) != 0) {
    return system_error("mkdir", parent.path_of(name));
  }
  name_.clear();
  return parent.open_dir(name);
}

Result<void> StagedDir::discard() { return root_->remove_tree(std::exchange(name_, {})); }

std::optional<pid_t> StagedDir::owner_of(const std::string& name) {
  const std::optional<uint64_t> number =
      name.starts_with(kMark) ? sys::parse_number(name.substr(1)) : std::nullopt;
  if (!number) {
    return std::nullopt;
  }
  return static_cast<pid_t>(*number);
}

}  // namespace chock::supervisor
