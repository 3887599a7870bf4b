// SPDX-License-Identifier: Apache-2.0
// shim-log.json: why a launch failed, for the supervisor; and, for people, what was survived. Best
// effort: a full disk or a bad file never stops the container. Whatever can go wrong again
// and again is told once by whoever sees it, so no container can make this file grow for ever.
#pragma once

#include <string>

#include "common/result.h"
#include "common/state/log_record.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::shim {

class ShimLog {
 public:
  // Makes the file if need be; an old one is extended. Must exist before anything else can fail.
  [[nodiscard]] static Result<ShimLog> open(const sys::StateDir& dir);

  // Each record is one write to a file opened for appending.
  void write(const state::LogRecord& record);
  void error(const Error& error, std::string step);
  void warn(const Error& error, std::string step);

 private:
  explicit ShimLog(sys::UniqueFd fd) : fd_(std::move(fd)) {}
  sys::UniqueFd fd_;
};

}  // namespace chock::shim
