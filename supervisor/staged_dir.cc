// SPDX-License-Identifier: Apache-2.0
#include "supervisor/staged_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/sys/lock_file.h"

namespace chock::supervisor {
namespace {

constexpr char kMark = '~';  // not allowed in ids

constexpr int kTries = 16;  // of names: one that is taken is a rare thing

// The process number is for whoever looks at the directory; that of another pid namespace may be
// the same.
std::string fresh_name() {
  return kMark + std::to_string(::getpid()) + "-" + std::to_string(::arc4random());
}

bool leads_to(const sys::StateDir& root, const std::string& name, const sys::StateDir& dir) {
  struct stat there{}, ours{};
  return ::fstatat(root.fd(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstat(dir.fd(), &ours) == 0 && there.st_dev == ours.st_dev &&
         there.st_ino == ours.st_ino;
}

// Moves it to a name that nobody has; empty if that has failed, in errno.
std::string move_aside(const sys::StateDir& root, const sys::StateDir& parent,
                       const std::string& name) {
  for (int left = kTries; left > 0; --left) {
    std::string staged = fresh_name();
    if (::renameat2(parent.fd(), name.c_str(), root.fd(), staged.c_str(), RENAME_NOREPLACE) == 0) {
      return staged;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return {};
}

}  // namespace

// Between making a directory and locking it somebody may sweep it away; then there is no entry, or
// a lock that is not ours, and we begin again.
Result<StagedDir> StagedDir::make(const sys::StateDir& root) {
  Error failure{EBUSY, "make directory in", root.path(), {}};  // a name is nobody's business
  for (int left = kTries; left > 0; --left) {
    std::string name = fresh_name();
    Result<sys::StateDir> dir = root.make_dir(name);
    if (dir && TRY(sys::try_lock_dir(*dir)) && leads_to(root, name, *dir)) {
      return StagedDir(root, std::move(name), *std::move(dir));
    }
    if (!dir) {
      failure.code = dir.error().code;
    }
    if (failure.code != EBUSY && failure.code != EEXIST && failure.code != ENOENT) {
      break;
    }
  }
  return std::unexpected(std::move(failure));
}

Result<StagedDir> StagedDir::take_back(const sys::StateDir& root, const sys::StateDir& parent,
                                       const std::string& name) {
  sys::StateDir dir = TRY(parent.open_dir(name));
  std::string staged = move_aside(root, parent, name);
  if (staged.empty()) {
    return system_error("remove", parent.path_of(name));
  }
  // Somebody who sweeps may have been faster; two may remove the same.
  static_cast<void>(TRY(sys::try_lock_dir(dir)));
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
  return std::move(dir_).moved_to(parent.path_of(name));
}

Result<void> StagedDir::discard() { return root_->remove_tree(std::exchange(name_, {})); }

bool StagedDir::is_staged(std::string_view name) { return name.starts_with(kMark); }

Result<void> StagedDir::sweep(const sys::StateDir& root, const std::string& name) {
  const Result<sys::StateDir> dir = root.open_dir(name);
  if (!dir && dir.error().code == ENOENT) {
    return {};
  }
  if (!dir) {
    return std::unexpected(dir.error());
  }
  // Published meanwhile: then the name leads nowhere, and nobody ever has it again.
  return TRY(sys::try_lock_dir(*dir)) ? root.remove_tree(name) : Result<void>();
}

}  // namespace chock::supervisor
