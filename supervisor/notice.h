// SPDX-License-Identifier: Apache-2.0
// Notice says when something has happened in a process's or a container's directory (inotify(7)).
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor {

class Notice {
 public:
  // A file was renamed into `dir`, or closed by somebody who has written it.
  [[nodiscard]] static Result<Notice> of_files(const sys::StateDir& dir);
  // Somebody has closed the file `name` in `dir`.
  [[nodiscard]] static Result<Notice> of_closing(const sys::StateDir& dir, const std::string& name);

  Notice(const Notice&) = delete;
  Notice& operator=(const Notice&) = delete;
  Notice(Notice&&) = default;
  Notice& operator=(Notice&&) = delete;
  ~Notice();

  [[nodiscard]] int fd() const { return fd_.get(); }  // readable when it has
  void drain() const;

 private:
  Notice(sys::UniqueFd fd, int watch) : fd_(std::move(fd)), watch_(watch) {}
  [[nodiscard]] static Result<Notice> begin(const std::string& path, uint32_t events,
                                            const std::string& object);

  sys::UniqueFd fd_;
  int watch_;
};

}  // namespace chock::supervisor
