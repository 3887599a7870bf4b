// SPDX-License-Identifier: Apache-2.0
// StateDir holds one open directory; everything inside is reached relative to it by a single name
// and never through a symbolic link, so that nobody can move a path under us.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

class StateDir {
 public:
  // `path` itself may lead through symbolic links.
  [[nodiscard]] static Result<StateDir> open(const std::string& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }  // as it was opened; for messages
  [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }

  // The same directory, when it has been moved to `path`.
  [[nodiscard]] StateDir moved_to(std::string path) && {
    return StateDir(std::move(fd_), std::move(path));
  }

  // Nothing there is an Error with ENOENT.
  [[nodiscard]] Result<StateDir> open_dir(const std::string& name) const;
  // A fresh directory, mode 0700; EEXIST if the name is taken.
  [[nodiscard]] Result<StateDir> make_dir(const std::string& name) const;
  // Mode 0600; an existing fifo is fine.
  [[nodiscard]] Result<void> make_fifo(const std::string& name) const;

  // Never blocks, whatever the entry is; O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK are added to `flags`.
  // A new file gets mode 0600. An entry that is not of `type` (S_IFREG, S_IFIFO) is an Error.
  [[nodiscard]] Result<UniqueFd> open_entry(const std::string& name, int flags,
                                            mode_t type = S_IFREG) const;
  // The content of a regular file of at most `limit` bytes; nothing if it does not exist.
  [[nodiscard]] Result<std::optional<std::string>> read_file(const std::string& name,
                                                             size_t limit) const;

  struct Entry {
    std::string name;
    bool directory = false;
  };
  // Sorted by name, without "." and "..".
  [[nodiscard]] Result<std::vector<Entry>> list() const;

  // An entry that is already gone is fine for both.
  [[nodiscard]] Result<void> remove_file(const std::string& name) const;
  [[nodiscard]] Result<void> remove_tree(const std::string& name) const;

 private:
  StateDir(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  UniqueFd fd_;
  std::string path_;
};

}  // namespace chock::sys
