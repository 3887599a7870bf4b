// SPDX-License-Identifier: Apache-2.0
#include "common/state/exit_record.h"

#include "common/state/json.h"
#include "common/state/timestamp.h"

namespace chock::state {
namespace {

constexpr int64_t kMicrosecondsPerSecond = 1'000'000;

const char* name_of(ExitRecord::Origin origin) {
  switch (origin) {
    case ExitRecord::Origin::Shim:
      return "shim";
    case ExitRecord::Origin::Kernel:
      return "kernel";
    case ExitRecord::Origin::Synthesised:
      return "synthesised";
  }
  __builtin_unreachable();
}

int64_t microseconds(const timeval& time) {
  return time.tv_sec * kMicrosecondsPerSecond + time.tv_usec;
}

void append_status(Json& json, const sys::ExitStatus& status) {
  json["kind"] = status.exited() ? "exited" : status.signalled() ? "signalled" : "unknown";
  if (status.exited()) {
    json["code"] = status.code();
  }
  if (status.signalled()) {
    json["signal"] = status.signal();
    json["core"] = status.dumped_core();
  }
  json["exitStatus"] = status.number();
}

void append_usage(Json& json, const rusage& usage) {
  json["rusage"] = {{"userMicroseconds", microseconds(usage.ru_utime)},
                    {"systemMicroseconds", microseconds(usage.ru_stime)},
                    {"maxResidentKiB", usage.ru_maxrss},
                    {"minorFaults", usage.ru_minflt},
                    {"majorFaults", usage.ru_majflt},
                    {"blocksIn", usage.ru_inblock},
                    {"blocksOut", usage.ru_oublock}};
}

void append_stream(Json& json, const char* name, const std::optional<StreamCount>& stream) {
  if (stream) {
    json[name] = {{"read", stream->read}, {"delivered", stream->delivered}};
    if (stream->unread > 0) {
      json[name]["unread"] = stream->unread;
    }
  }
}

}  // namespace

std::string format_exit_record(const ExitRecord& record) {
  Json json = Json::object();
  append_status(json, record.status);
  json["origin"] = name_of(record.origin);
  json["oom"] = record.oom;
  if (record.pid) {
    json["pid"] = *record.pid;
  }
  json["exitedAt"] = format_timestamp(record.exited_at);
  if (record.usage) {
    append_usage(json, *record.usage);
  }
  if (record.drained_at) {
    json["drainedAt"] = format_timestamp(*record.drained_at);
    Json streams = Json::object();
    append_stream(streams, "stdin", record.standard_in);
    append_stream(streams, "stdout", record.standard_out);
    append_stream(streams, "stderr", record.standard_error);
    json["streams"] = streams;
  }
  return format_json(json) + "\n";
}

Result<std::string> mark_oom(std::string_view record, OomLimit limit) {
  Json json = TRY(parse_json(record, "exit record"));
  if (!json.is_object()) {
    return input_error("parse", "exit record", "not an object");
  }
  json["oom"] = true;
  if (limit != OomLimit::Unknown) {
    json["oomLimit"] = limit == OomLimit::Own ? "own" : "above";
  }
  return format_json(json) + "\n";
}

}  // namespace chock::state
