// SPDX-License-Identifier: Apache-2.0
// StagedDir fills a directory out of sight and publishes it complete, by one rename. A
// container without state.json or a process without process.json would be thrown away by a peer of
// the containerd 0.2 contract, with everything that runs in it.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "common/sys/state_dir.h"

namespace chock::supervisor {

class StagedDir {
 public:
  // A fresh directory in `root`, which must outlive this object. Its name begins with a character
  // that no id has. It is locked: that somebody lives who is at it says the lock, because the
  // number of a process says nothing to another pid namespace.
  [[nodiscard]] static Result<StagedDir> make(const sys::StateDir& root);
  // The way back: `parent`/`name` leaves everybody's sight by one rename. ENOENT if there is none.
  [[nodiscard]] static Result<StagedDir> take_back(const sys::StateDir& root,
                                                   const sys::StateDir& parent,
                                                   const std::string& name);
  StagedDir(StagedDir&& other) noexcept = default;
  StagedDir& operator=(StagedDir&&) = delete;
  StagedDir(const StagedDir&) = delete;
  StagedDir& operator=(const StagedDir&) = delete;
  ~StagedDir();  // removes what was not published

  [[nodiscard]] const sys::StateDir& dir() const { return dir_; }

  // Moves it to `parent`/`name`: nothing can fail any more once it is there. A name that is taken
  // is EEXIST, "mkdir PATH: file exists". dir() is gone with it.
  [[nodiscard]] Result<sys::StateDir> publish(const sys::StateDir& parent, const std::string& name);

  // Removes it now, and says whether that worked.
  [[nodiscard]] Result<void> discard();

  // Whether a name in the state root is one of a staged directory, of ours or an earlier version's.
  [[nodiscard]] static bool is_staged(std::string_view name);
  // Removes one that nobody is at.
  [[nodiscard]] static Result<void> sweep(const sys::StateDir& root, const std::string& name);

 private:
  StagedDir(const sys::StateDir& root, std::string name, sys::StateDir dir)
      : root_(&root), name_(std::move(name)), dir_(std::move(dir)) {}

  const sys::StateDir* root_;
  std::string name_;  // empty once published or moved from
  sys::StateDir dir_;
};

}  // namespace chock::supervisor
