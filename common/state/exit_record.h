// SPDX-License-Identifier: Apache-2.0
// exit.json: all that is known about how a process ended. `exitStatus` holds the contract's number,
// this the rest; docs/exit.schema.json is its schema.
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/sys/exit_status.h"

namespace chock::state {

struct StreamCount {
  uint64_t read = 0;       // bytes taken from the writer
  uint64_t delivered = 0;  // of these, accepted by the reader's file or fifo
  uint64_t unread = 0;     // of these, left in a fifo that nobody read: saved in a tail file
};

struct ExitRecord {
  // Who says so: the shim that waited for the process, the kernel's memory of it after the shim's
  // death, or the supervisor by inference.
  enum class Origin { Shim, Kernel, Synthesised };

  sys::ExitStatus status;
  Origin origin = Origin::Shim;
  std::optional<pid_t> pid;
  timespec exited_at{};
  std::optional<rusage> usage;  // of the process and the descendants it waited for
  bool oom = false;             // the supervisor's to say
  // Known once everything was read and delivered.
  std::optional<timespec> drained_at;
  std::optional<StreamCount> standard_in, standard_out, standard_error;
};

// One line with its newline, at most kExitRecordLimit bytes.
[[nodiscard]] std::string format_exit_record(const ExitRecord& record);
inline constexpr size_t kExitRecordLimit = 1024;

// Whose limit a container's memory was at.
enum class OomLimit { Own, Above, Unknown };
// A formatted record, after memory has run out in the container; all else in it stays as it is.
[[nodiscard]] Result<std::string> mark_oom(std::string_view record, OomLimit limit);

}  // namespace chock::state
