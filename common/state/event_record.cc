// SPDX-License-Identifier: Apache-2.0
#include "common/state/event_record.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/state/json.h"
#include "common/state/timestamp.h"

namespace chock::state {
namespace {

using Type = EventRecord::Type;

constexpr std::array<std::pair<Type, const char*>, 6> kTypes{{
    {Type::StartContainer, "start-container"},
    {Type::StartProcess, "start-process"},
    {Type::Exit, "exit"},
    {Type::Oom, "oom"},
    {Type::Pause, "pause"},
    {Type::Resume, "resume"},
}};
constexpr uint32_t kUnusable = 255;  // the contract's status of an exit that nobody can tell

std::optional<Type> type_named(std::string_view name) {
  const auto* found = std::ranges::find(kTypes, name, &std::pair<Type, const char*>::second);
  return found == kTypes.end() ? std::nullopt : std::optional(found->first);
}

uint32_t to_status(int64_t number) {
  return number < 0 || number > kUnusable ? kUnusable : static_cast<uint32_t>(number);
}

}  // namespace

const char* name_of(EventRecord::Type type) {
  return std::ranges::find(kTypes, type, &std::pair<Type, const char*>::first)->second;
}

Json to_json(const EventRecord& record) {
  Json json{{"id", record.id},
            {"type", name_of(record.type)},
            {"timestamp", format_timestamp(record.timestamp)}};
  if (!record.process.empty()) {
    json["pid"] = record.process;
  }
  if (record.status != 0) {
    json["status"] = record.status;
  }
  if (record.seq != 0) {
    json["seq"] = record.seq;
  }
  return json;
}

Result<EventRecord> event_record_from(const Json& json) {
  JsonReader reader(json, "event");
  EventRecord record;
  record.id = reader.string("id");
  const std::optional<Type> type = type_named(reader.string("type"));
  const std::optional<timespec> timestamp = parse_timestamp(reader.string("timestamp"));
  record.process = reader.string("pid");
  record.status = to_status(reader.integer<int64_t>("status"));
  record.seq = reader.integer<uint64_t>("seq");
  TRY(reader.check());
  if (record.id.empty()) {
    return input_error("parse", "event", "id is missing");
  }
  if (!type) {
    return input_error("parse", "event", "type is not one of ours");
  }
  if (!timestamp) {
    return input_error("parse", "event", "timestamp is not an RFC 3339 time");
  }
  record.type = *type;
  record.timestamp = *timestamp;
  return record;
}

std::string format_event_record(const EventRecord& record) {
  return format_json(to_json(record)) + "\n";
}

EventLines parse_event_lines(std::string_view text) {
  EventLines lines;
  size_t start = 0;
  // A last line without its newline was cut short while it was written, or is about to be.
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', start)) {
    const Result<Json> json = parse_json(text.substr(start, end - start), "event");
    Result<EventRecord> record = json ? event_record_from(*json) : std::unexpected(json.error());
    start = end + 1;
    if (record) {
      lines.records.push_back(std::move(*record));
      lines.length = start;
    } else {
      ++lines.skipped;
    }
  }
  lines.skipped += start < text.size() ? 1 : 0;
  return lines;
}

}  // namespace chock::state
