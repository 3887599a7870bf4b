// SPDX-License-Identifier: Apache-2.0
// Subscription is one client's place in the event log, and what of it the client wants.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "common/result.h"
#include "common/state/json.h"
#include "supervisor/event_log.h"

namespace chock::supervisor::rpc {

// Records that were forgotten before the client had fetched them.
struct Gap {
  uint64_t first = 0;
  uint64_t last = 0;
};

class Subscription {
 public:
  // `params`: "after", a number, or "since", a time: begin with what is later; neither: with what
  // is yet to come. "id": of this container only. "follow": false: stop at the end of the log.
  [[nodiscard]] static Result<Subscription> parse(const state::Json& params, const EventLog& log);

  // Of this container only; empty: of all, again.
  void narrow_to(const std::string& id) { id_ = id; }

  // What comes next, and moves past it; nothing: not yet. A record is valid until the next append.
  [[nodiscard]] std::variant<std::monostate, Gap, const state::EventRecord*> next(
      const EventLog& log);

  // Whether nothing will follow.
  [[nodiscard]] bool ended() const { return !follow_ && seq_ >= replayed_; }

 private:
  [[nodiscard]] bool wants(const state::EventRecord& record) const;
  [[nodiscard]] Gap gap_before(const state::EventRecord& record) const;

  EventLog::Presence presence_;
  uint64_t seq_ = 0;       // of the last record that has been looked at
  uint64_t replayed_ = 0;  // up to here is history, from then on everything is news
  std::optional<timespec> since_;
  std::string id_;
  bool follow_ = true;
};

}  // namespace chock::supervisor::rpc
