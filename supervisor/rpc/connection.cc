// SPDX-License-Identifier: Apache-2.0
#include "supervisor/rpc/connection.h"

#include <array>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include "supervisor/first_of.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::rpc {
namespace {

using state::Json;

// Of one client at a time; it is not read from while it has that many.
constexpr size_t kConcurrentRequests = 64;
constexpr size_t kUnreadLimit = 1UL << 20U;  // bytes of answers
constexpr size_t kSubscriptions = 16;

}  // namespace

Awaitable<void> Connection::serve() {
  socket_.non_blocking(true);
  co_await first_of(read_lines(), gone_.wait());
  // Its sending side is closed, or it is gone altogether: only the latter hangs the socket up.
  co_await first_of(finish(), vanish());
  gone_.set();
  asio::error_code ignored;
  socket_.close(ignored);  // ends a write that nobody reads
  co_await finish();
}

// Completes at the end of what the client sends.
Awaitable<void> Connection::read_lines() {
  while (input_.size() <= kLineLimit) {
    asio::error_code error;
    co_await socket_.async_wait(asio::socket_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error || read_available() == Input::Ended) {
      take_line(std::exchange(input_, {}));  // the last one may lack its newline
      co_return;
    }
    co_await take_lines();
  }
  // There is no telling where the next request begins.
  send(format_refusal(
      {.id = nullptr, .reason = "a line is longer than " + std::to_string(kLineLimit) + " bytes"}));
}

// Not a coroutine, so that a connection without input costs no buffer.
Connection::Input Connection::read_available() {
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  asio::error_code error;
  const size_t count = socket_.read_some(asio::buffer(buffer), error);
  input_.append(buffer.data(), count);
  return error && error != asio::error::would_block ? Input::Ended : Input::MayFollow;
}

Awaitable<void> Connection::take_lines() {
  size_t start = 0;
  for (size_t end = input_.find('\n'); end != std::string::npos; end = input_.find('\n', start)) {
    take_line(std::string_view(input_).substr(start, end - start));
    start = end + 1;
    co_await yield_once();  // what can be answered at once counts as an answer from here on
    co_await wait_for_room();
  }
  input_.erase(0, start);
  if (input_.empty()) {
    input_.shrink_to_fit();  // the longest request does not count for ever
  }
}

// Nothing is read meanwhile, so the end of the stream would not be seen: only the hang-up is.
Awaitable<void> Connection::wait_for_room() {
  while (!gone_.is_set() && (requests_ >= kConcurrentRequests ||
                             lines_.size() >= kConcurrentRequests || unread_ >= kUnreadLimit)) {
    const size_t first = co_await first_of(next_end(), vanish());
    if (first == 1) {
      gone_.set();
    }
  }
}

void Connection::take_line(std::string_view line) {
  if (line.empty() || line == "\r" || gone_.is_set()) {
    return;
  }
  std::expected<Request, Refusal> request = parse_request(line);
  if (!request) {
    if (!request.error().notification) {
      send(format_refusal(request.error()));
    }
  } else if (request->method == "events") {
    begin(send_events(*std::move(request)));
  } else {
    ++requests_;
    begin(answer(*std::move(request)));
  }
}

// Side by side with everything else; we live as long as it runs.
void Connection::begin(Awaitable<void> task) {
  ++running_;
  asio::co_spawn(socket_.get_executor(), std::move(task),
                 [self = shared_from_this()](const std::exception_ptr& failure) {
                   self->on_end();
                   if (failure) {
                     std::rethrow_exception(failure);  // a mistake of ours: not to be survived
                   }
                 });
}

void Connection::on_end() {
  --running_;
  std::exchange(ended_, std::make_shared<Latch>())->set();
}

Awaitable<void> Connection::next_end() {
  const std::shared_ptr<Latch> ended = ended_;
  co_await ended->wait();
}

Awaitable<void> Connection::answer(Request request) {
  Caller caller{.gone = &gone_, .prepared = {}};
  if (request.id) {
    caller.prepared = [this, id = *request.id](const StartAnswer& answer) {
      send(format_notification("prepared", {{"id", id}, {"process", format_answer(answer)}}));
    };
  }
  const Result<Json> result =
      co_await service_.call(std::move(request.method), request.params, std::move(caller));
  --requests_;
  if (request.id) {
    send(result ? rpc::format_answer(*request.id, *result)
                : format_failure(*request.id, result.error()));
  }
}

Awaitable<void> Connection::send_events(Request request) {
  Result<Subscription> subscription =
      subscribed_ < kSubscriptions
          ? Subscription::parse(request.params, *service_.events)
          : input_error("events", "", "too many subscriptions on one connection");
  const uint64_t number = ++subscriptions_;
  if (request.id) {
    send(subscription ? rpc::format_answer(*request.id, {{"subscription", number},
                                                         {"last", service_.events->last()}})
                      : format_failure(*request.id, subscription.error()));
  }
  if (subscription) {
    ++subscribed_;
    co_await send_events(*std::move(subscription), number);
    --subscribed_;
  }
}

Awaitable<void> Connection::send_events(Subscription subscription, uint64_t number) {
  EventLog& log = *service_.events;
  while (!gone_.is_set() && !subscription.ended()) {
    const auto next = subscription.next(log);
    if (const auto* record = std::get_if<const state::EventRecord*>(&next)) {
      send(format_notification("event", {{"subscription", number}, {"event", to_json(**record)}}));
    } else if (const auto* gap = std::get_if<Gap>(&next)) {
      send(format_notification(
          "gap", {{"subscription", number}, {"first", gap->first}, {"last", gap->last}}));
    } else if (!subscription.ended()) {
      const std::shared_ptr<Latch> changed = log.changed();
      co_await first_of(changed->wait(), gone_.wait());
    }
    while (!lines_.empty() && !gone_.is_set()) {
      co_await next_end();  // of the writer: the log is our buffer, not this queue
    }
  }
  send(format_notification("end", {{"subscription", number}}));
}

void Connection::send(std::string line) {
  if (gone_.is_set()) {
    return;
  }
  unread_ += line.size();
  lines_.push_back(std::move(line));
  if (lines_.size() == 1) {
    begin(write_lines());
  }
}

Awaitable<void> Connection::write_lines() {
  while (!lines_.empty()) {
    asio::error_code error;
    const std::string line = std::move(lines_.front());
    co_await asio::async_write(socket_, asio::buffer(line),
                               asio::redirect_error(asio::use_awaitable, error));
    lines_.pop_front();
    unread_ -= line.size();
    if (error) {
      lines_.clear();
      unread_ = 0;
      gone_.set();
    }
  }
}

Awaitable<void> Connection::finish() {
  while (running_ > 0) {
    co_await next_end();
  }
}

// Completes when there is nobody to write to any more, or the server stops.
Awaitable<void> Connection::vanish() { co_await first_of(hang_up(), gone_.wait()); }

Awaitable<void> Connection::hang_up() {
  asio::error_code error;
  do {
    co_await socket_.async_wait(asio::socket_base::wait_error,
                                asio::redirect_error(asio::use_awaitable, error));
  } while (!error && !has_happened(socket_.native_handle(), FdWatch::Type::wait_error));
}

}  // namespace chock::supervisor::rpc
