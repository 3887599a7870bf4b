// SPDX-License-Identifier: Apache-2.0
// The program's log: notes as lines on stderr, for people or as JSON. Only programs log; the
// supervisor hands out notes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "supervisor/observer.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): spdlog's
}

namespace chock::supervisor {

class LogSink;

class Log {
 public:
  enum class Format { Text, Json };

  // Notes below `least` are left out. Colours only on a terminal, and not with NO_COLOR set.
  // Nothing waits for a reader of stderr: what finds no room is counted and said later
  // (log_sink.h).
  Log(Format format, Note::Level least);

  void write(const Note& note) const;

 private:
  void write_line(const Note& note) const;

  Format format_;
  std::shared_ptr<LogSink> sink_;
  std::shared_ptr<spdlog::logger> logger_;
};

// "debug", "info", "warning", "error".
[[nodiscard]] Result<Note::Level> parse_level(std::string_view name);
// "text", "json".
[[nodiscard]] Result<Log::Format> parse_format(std::string_view name);

// Everything of a line but time and level, as text; exposed for its test.
[[nodiscard]] std::string format_text(const Note& note);
// The whole line as JSON.
[[nodiscard]] std::string format_json_line(const Note& note, std::string_view timestamp);

}  // namespace chock::supervisor
