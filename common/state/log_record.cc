// SPDX-License-Identifier: Apache-2.0
#include "common/state/log_record.h"

#include <algorithm>

#include "common/state/json.h"

namespace chock::state {
namespace {

// Takes a record of the original's shim from the front of `text`. It always writes exactly this
// shape and escapes nothing (D1), so a quote in the message, where the cause of a failure is often
// quoted, leaves no valid JSON. Within one line: a torn record must not swallow the next.
std::optional<LogRecord> take_unescaped(std::string_view& text) {
  constexpr std::string_view kHead = R"({"level": ")";
  constexpr std::string_view kMiddle = R"(","msg": ")";
  constexpr std::string_view kTail = R"("})";
  if (!text.starts_with(kHead)) {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(0, text.find('\n')).substr(kHead.size());
  const size_t level_end = std::min(rest.find('"'), rest.size());
  if (!rest.substr(level_end).starts_with(kMiddle)) {
    return std::nullopt;
  }
  const std::string_view message = rest.substr(level_end + kMiddle.size());
  const size_t message_end = message.find(kTail);
  if (message_end == std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(kHead.size() + level_end + kMiddle.size() + message_end + kTail.size());
  return LogRecord{.level = to_valid_utf8(rest.substr(0, level_end)),
                   .message = to_valid_utf8(message.substr(0, message_end))};
}

void skip_line(std::string_view& text) {
  text.remove_prefix(std::min(text.find('\n'), text.size()));
}

}  // namespace

std::string format_log_record(const LogRecord& record) {
  Json json{{"level", record.level}, {"msg", record.message}};
  if (!record.step.empty()) {
    json["step"] = record.step;
  }
  if (!record.runtime_log.empty()) {
    json["runtimeLog"] = record.runtime_log;
  }
  if (record.code != 0) {
    json["errno"] = record.code;
  }
  return format_json(json) + "\n";
}

std::vector<LogRecord> parse_log(std::string_view text) {
  std::vector<LogRecord> log;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (text.empty()) {
      return log;
    }
    const Result<ParsedJson> parsed = parse_first_json(text, "log");
    if (!parsed) {
      if (std::optional<LogRecord> record = take_unescaped(text)) {
        log.push_back(std::move(*record));
      } else {
        skip_line(text);
      }
      continue;
    }
    JsonReader reader(parsed->value, "log");
    LogRecord record{.level = reader.string("level"), .message = reader.string("msg")};
    if (reader.check()) {
      log.push_back(std::move(record));
    }
    text.remove_prefix(parsed->length);  // at least one character, so this ends
  }
}

std::optional<std::string> first_error(const std::vector<LogRecord>& log) {
  const auto found = std::ranges::find(log, "error", &LogRecord::level);
  return found == log.end() ? std::nullopt : std::optional(found->message);
}

}  // namespace chock::state
