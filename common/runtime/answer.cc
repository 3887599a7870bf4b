// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/answer.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>

#include "common/state/json.h"
#include "common/state/timestamp.h"

namespace chock::runtime {
namespace {

Result<state::Json> parse_answer(std::string_view text, std::string_view object) {
  if (text.size() > kAnswerLimit) {
    return input_error("parse", object, "too long");
  }
  return state::parse_json(text, object);
}

bool is_pid(const state::Json& value) {
  return value.is_number_unsigned() && value.get<uint64_t>() > 0 &&
         std::in_range<pid_t>(value.get<uint64_t>());
}

RuntimeState::Status parse_status(std::string_view word) {
  using enum RuntimeState::Status;
  struct Name {
    std::string_view word;
    RuntimeState::Status status;
  };
  constexpr std::array kNames{Name{"creating", Creating}, Name{"created", Created},
                              Name{"running", Running}, Name{"paused", Paused},
                              Name{"stopped", Stopped}};
  const auto* found = std::ranges::find(kNames, word, &Name::word);
  return found == kNames.end() ? Other : found->status;
}

bool is_made_of(const RuntimeState& state, const std::string& bundle, const timespec& begun) {
  // Runtimes tell the path without its symbolic links.
  struct stat theirs{};
  struct stat ours{};
  const bool same_bundle = ::stat(state.bundle.c_str(), &theirs) == 0 &&
                           ::stat(bundle.c_str(), &ours) == 0 && theirs.st_dev == ours.st_dev &&
                           theirs.st_ino == ours.st_ino;
  return same_bundle && state.created &&
         std::tie(state.created->tv_sec, state.created->tv_nsec) >=
             std::tie(begun.tv_sec, begun.tv_nsec);
}

}  // namespace

bool says_id_taken(std::string_view message) {
  // runc >= 1.0 "container with given ID already exists", before that "container with id exists:
  // x"; crun "container `x` already exists".
  return message.contains("already exists") || message.contains("with id exists");
}

bool says_unknown_verb(std::string_view message) {
  // crun "unknown command events"; runc and other Go programs 'No help topic for "events"'.
  return message.contains("unknown command") || message.contains("No help topic for");
}

Result<std::vector<pid_t>> parse_pids(std::string_view text) {
  constexpr std::string_view kObject = "list of processes";
  const state::Json json = TRY(parse_answer(text, kObject));
  std::vector<pid_t> pids;
  if (json.is_null()) {
    return pids;  // runc, of a container that has stopped
  }
  if (!json.is_array() || !std::ranges::all_of(json, is_pid)) {
    return input_error("parse", kObject, "not an array of process numbers");
  }
  for (const state::Json& value : json) {
    pids.push_back(static_cast<pid_t>(value.get<uint64_t>()));
  }
  return pids;
}

Result<RuntimeState> parse_state(std::string_view text) {
  constexpr std::string_view kObject = "container state";
  const state::Json json = TRY(parse_answer(text, kObject));
  state::JsonReader reader(json, std::string(kObject));
  const std::string word = reader.string("status");
  const pid_t pid = reader.integer<pid_t>("pid");
  TRY(reader.check());
  if (word.empty()) {
    return input_error("parse", kObject, "no status");
  }
  RuntimeState state{.status = parse_status(word), .pid = std::max(pid, 0)};
  state.bundle = reader.string("bundle");
  state.created = state::parse_timestamp(reader.string("created"));
  return state;
}

bool may_be_foreign(const sys::ExitStatus& status, std::string_view text, const std::string& bundle,
                    const timespec& begun) {
  if (status.exited() && !status.success()) {
    return false;
  }
  const Result<RuntimeState> state = parse_state(text);
  return !state || !is_made_of(*state, bundle, begun);
}

Result<state::Json> parse_stats_event(std::string_view text) {
  constexpr std::string_view kObject = "statistics";
  const state::Json json = TRY(parse_answer(text, kObject));
  state::JsonReader reader(json, std::string(kObject));
  TRY(reader.check());
  const state::Json* data = reader.find("data");
  if (data == nullptr || !data->is_object()) {
    return input_error("parse", kObject, "no data");  // where the original crashed (D36)
  }
  return *data;
}

}  // namespace chock::runtime
