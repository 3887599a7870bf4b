// SPDX-License-Identifier: Apache-2.0
// AtomicFile makes a file appear whole or not at all: temporary name, then rename. Its space
// can be reserved long before the content is known, so that a full disk cannot stop it.
//
// Nothing is fsynced: the state directory lives in /run, and what a power cut takes from it
// describes processes that are gone as well.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

class AtomicFile {
 public:
  // Makes the temporary file inside `dir`, which must outlive this object, with room for `reserve`
  // bytes. Always a fresh file; one left by a writer that died is discarded. Two files in the
  // making for the same name need a `suffix` each.
  [[nodiscard]] static Result<AtomicFile> make(const StateDir& dir, std::string name,
                                               size_t reserve = 0,
                                               std::string_view suffix = ".new");
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // takes an uncommitted temporary file away

  // For writing to in other ways, instead of a reserve; see commit_written().
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Replaces whatever has the final name. Allocates nothing if `text` fits the reserve. Once only.
  [[nodiscard]] Result<void> commit(std::string_view text);
  // The same with what the file has in it. Once only, and not together with commit().
  [[nodiscard]] Result<void> commit_written();

 private:
  AtomicFile(const StateDir& dir, std::string name, std::string temporary, UniqueFd fd)
      : dir_(&dir), name_(std::move(name)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

  const StateDir* dir_;
  std::string name_;
  std::string temporary_;
  UniqueFd fd_;  // invalid once committed
};

// The usual case in one call.
[[nodiscard]] Result<void> write_file(const StateDir& dir, const std::string& name,
                                      std::string_view text);

}  // namespace chock::sys
