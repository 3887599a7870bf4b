// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log.h"

#include <algorithm>

#include <spdlog/logger.h>

#include "common/state/json.h"
#include "common/state/timestamp.h"
#include "supervisor/log_sink.h"

namespace chock::supervisor {
namespace {

spdlog::level::level_enum to_spdlog(Note::Level level) {
  switch (level) {
    case Note::Level::Debug:
      return spdlog::level::debug;
    case Note::Level::Info:
      return spdlog::level::info;
    case Note::Level::Warning:
      return spdlog::level::warn;
    case Note::Level::Error:
      return spdlog::level::err;
  }
  __builtin_unreachable();
}

const char* name_of(Note::Level level) {
  switch (level) {
    case Note::Level::Debug:
      return "debug";
    case Note::Level::Info:
      return "info";
    case Note::Level::Warning:
      return "warning";
    case Note::Level::Error:
      return "error";
  }
  __builtin_unreachable();
}

// A line is a line, and harmless to a terminal, whatever a runtime, a client or the name of a
// directory has put into it.
std::string in_one_line(std::string line) {
  std::ranges::replace_if(
      line, [](char letter) { return static_cast<unsigned char>(letter) < ' ' || letter == 0x7f; },
      ' ');
  return line;
}

}  // namespace

Log::Log(Format format, Note::Level least)
    : format_(format),
      sink_(std::make_shared<LogSink>()),
      logger_(std::make_shared<spdlog::logger>("chock", sink_)) {
  logger_->set_level(to_spdlog(least));
  logger_->set_pattern(format == Format::Json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
}

void Log::write(const Note& note) const {
  if (!logger_->should_log(to_spdlog(note.level))) {
    return;
  }
  if (const size_t lost = sink_->take_lost(); lost > 0) {
    write_line({.level = Note::Level::Warning,
                .text = std::to_string(lost) + " lines of the log were lost: nobody read them"});
  }
  write_line(note);
}

void Log::write_line(const Note& note) const {
  logger_->log(to_spdlog(note.level),
               format_ == Format::Json
                   ? format_json_line(note, state::format_timestamp(state::wall_clock()))
                   : format_text(note));
}

Result<Note::Level> parse_level(std::string_view name) {
  for (const Note::Level level :
       {Note::Level::Debug, Note::Level::Info, Note::Level::Warning, Note::Level::Error}) {
    if (name == name_of(level)) {
      return level;
    }
  }
  return input_error("parse", "--log-level", "must be debug, info, warning or error");
}

Result<Log::Format> parse_format(std::string_view name) {
  if (name == "text" || name == "json") {
    return name == "json" ? Log::Format::Json : Log::Format::Text;
  }
  return input_error("parse", "--log-format", "must be text or json");
}

std::string format_text(const Note& note) {
  std::string line = note.text;
  if (!note.container.empty()) {
    line += " container=" + note.container;
  }
  if (!note.process.empty()) {
    line += " process=" + note.process;
  }
  return in_one_line(line);
}

std::string format_json_line(const Note& note, std::string_view timestamp) {
  state::Json json{{"time", timestamp}, {"level", name_of(note.level)}, {"msg", note.text}};
  if (!note.container.empty()) {
    json["container"] = note.container;
  }
  if (!note.process.empty()) {
    json["process"] = note.process;
  }
  return state::format_json(json);
}

}  // namespace chock::supervisor
