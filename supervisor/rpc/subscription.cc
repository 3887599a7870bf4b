// SPDX-License-Identifier: Apache-2.0
#include "supervisor/rpc/subscription.h"

#include <errno.h>

#include <compare>

#include "common/state/timestamp.h"
#include "supervisor/request_reader.h"

namespace chock::supervisor::rpc {
namespace {

using state::EventRecord;

bool is_later(const timespec& left, const timespec& right) {
  return left.tv_sec != right.tv_sec ? left.tv_sec > right.tv_sec : left.tv_nsec > right.tv_nsec;
}

}  // namespace

Result<Subscription> Subscription::parse(const state::Json& params, const EventLog& log) {
  constexpr const char* kOperation = "events";
  RequestReader reader(params, kOperation);
  Subscription subscription;
  subscription.presence_ = log.subscribe();
  subscription.replayed_ = log.last();
  subscription.seq_ = reader.has("after")   ? reader.integer<uint64_t>("after")
                      : reader.has("since") ? 0
                                            : log.last();
  if (subscription.seq_ > log.last()) {
    // Numbers of another log: whoever has them would wait for ever, or miss what came since.
    reader.fail("after", "is beyond the end of the log, " + std::to_string(log.last()));
  }
  if (const std::string since = reader.text("since"); !since.empty()) {
    subscription.since_ = state::parse_timestamp(since);
    if (!subscription.since_) {
      reader.fail("since", "must be an RFC 3339 time");
    }
  }
  subscription.id_ = reader.id("id", "container id", RequestReader::Need::Optional);
  subscription.follow_ = !reader.has("follow") || reader.boolean("follow");
  if (!subscription.follow_ && !reader.has("after") && !reader.has("since")) {
    reader.fail("follow", "can only be false with since or after");
  }
  TRY(reader.finish());
  return subscription;
}

std::variant<std::monostate, Gap, const EventRecord*> Subscription::next(const EventLog& log) {
  while (!ended()) {
    const EventRecord* record = log.after(seq_);
    if (record == nullptr) {
      break;
    }
    const Gap gap = gap_before(*record);
    seq_ = record->seq - 1;
    if (gap.first <= gap.last) {
      return gap;
    }
    seq_ = record->seq;
    if (wants(*record)) {
      return record;
    }
  }
  return std::monostate{};
}

// Empty if there is none. What lies before the oldest record is not missed by a client that wants
// what is later than a time when that record is not.
Gap Subscription::gap_before(const EventRecord& record) const {
  const bool missed = seq_ != 0 || !since_ || is_later(record.timestamp, *since_);
  return {.first = missed ? seq_ + 1 : record.seq, .last = record.seq - 1};
}

bool Subscription::wants(const EventRecord& record) const {
  const bool history = record.seq <= replayed_;
  return (id_.empty() || record.id == id_) &&
         (!history || !since_ || is_later(record.timestamp, *since_));
}

}  // namespace chock::supervisor::rpc
