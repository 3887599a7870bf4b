// SPDX-License-Identifier: Apache-2.0
// Events: a client's place in the event log, one record on its way at a time. What it does not read
// waits in the log and holds up nobody (D67, D69).

#include "common/state/json.h"
#include "common/state/timestamp.h"
#include "supervisor/containerd/answers.h"
#include "supervisor/containerd/api.h"
#include "supervisor/containerd/call.h"
#include "supervisor/containerd/status.h"
#include "supervisor/containerd/timestamp.h"
#include "supervisor/first_of.h"
#include "supervisor/rpc/subscription.h"

namespace chock::supervisor::containerd {
namespace {

using rpc::Gap;
using rpc::Subscription;

Result<Subscription> subscribe(const types::EventsRequest& request, const EventLog& log) {
  const std::optional<timespec> since =
      request.has_timestamp() ? TRY(from_protobuf(request.timestamp())) : std::nullopt;
  if (request.storedonly() && !since) {
    return input_error("", "",
                       "invalid parameter: StoredOnly cannot be specified without setting a valid "
                       "Timestamp");
  }
  state::Json params{{"follow", !request.storedonly()}};
  if (since) {
    params["since"] = state::format_timestamp(*since);
  }
  Subscription subscription = TRY(Subscription::parse(params, log));
  // Apart from the parameters, which are checked: an id that cannot be one has no events, that is
  // all.
  subscription.narrow_to(request.id());
  return subscription;
}

std::string describe(const Gap& gap) {
  return "a client of Events was too slow for --retain-count: it has missed the events " +
         std::to_string(gap.first) + " to " + std::to_string(gap.last);
}

}  // namespace

Awaitable<grpc::Status> Api::events(types::EventsRequest request, Responder& client) {
  Result<Subscription> subscription = subscribe(request, events_);
  if (!subscription) {
    co_return to_status(subscription.error());
  }
  client.send_headers();
  while (!client.gone().is_set() && !subscription->ended()) {
    const auto next = subscription->next(events_);
    if (const auto* record = std::get_if<const state::EventRecord*>(&next)) {
      co_await client.write(to_event(**record).SerializeAsString());
    } else if (const auto* gap = std::get_if<Gap>(&next)) {
      note_({.level = Note::Level::Warning, .text = describe(*gap)});
    } else if (!subscription->ended()) {
      const std::shared_ptr<Latch> changed = events_.changed();
      co_await first_of(changed->wait(), client.gone().wait());
    }
  }
  co_return grpc::Status::OK;
}

}  // namespace chock::supervisor::containerd
