// SPDX-License-Identifier: Apache-2.0
// What happened to a container or a process, as subscribers are told and events.log keeps it: one
// JSON object a line (containerd 0.2 contract, with our `seq` added).
#pragma once

#include <time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/state/json_fwd.h"

namespace chock::state {

struct EventRecord {
  enum class Type { StartContainer, StartProcess, Exit, Oom, Pause, Resume };
  std::string id;  // the container's
  Type type = Type::Exit;
  timespec timestamp{};  // wall clock
  std::string process;   // the process's id: StartProcess and Exit only
  uint32_t status = 0;   // exit status: Exit only
  uint64_t seq = 0;      // place in the log, from 1; 0: none yet, or written by a containerd 0.2
};

// "start-container"
[[nodiscard]] const char* name_of(EventRecord::Type type);

[[nodiscard]] Json to_json(const EventRecord& record);
// A status that no exit can have (old writers used -1) reads as 255.
[[nodiscard]] Result<EventRecord> event_record_from(const Json& json);

// One line with its newline.
[[nodiscard]] std::string format_event_record(const EventRecord& record);

// Every record of a log, in order. A line that is not a record is skipped: what follows it is as
// true as before.
struct EventLines {
  std::vector<EventRecord> records;
  size_t skipped = 0;  // lines that are not records, a torn last one included
  size_t length = 0;   // bytes up to the end of the last good line; what follows is torn
};
[[nodiscard]] EventLines parse_event_lines(std::string_view text);

}  // namespace chock::state
