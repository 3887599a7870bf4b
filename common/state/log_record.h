// SPDX-License-Identifier: Apache-2.0
// shim-log.json and the runtime's log.json: JSON objects back to back (containerd 0.2 contract).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chock::state {

struct LogRecord {
  std::string level;  // "error" is the one that peers act on
  std::string message;
  // Ours, for people; left out if empty (or 0).
  std::string step;         // what the writer was doing: "create"
  std::string runtime_log;  // the runtime's own last words
  int code = 0;             // errno
};

// One line with its newline, properly escaped.
[[nodiscard]] std::string format_log_record(const LogRecord& record);

// Every record of a log, read tolerantly: what is not a record is skipped up to the next line.
[[nodiscard]] std::vector<LogRecord> parse_log(std::string_view text);

// The first record of level "error".
[[nodiscard]] std::optional<std::string> first_error(const std::vector<LogRecord>& log);

}  // namespace chock::state
