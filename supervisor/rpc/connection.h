// SPDX-License-Identifier: Apache-2.0
// Connection serves one client: its requests run side by side, each answered when it is done.
//
// A client that vanishes takes its requests with it: they are told through Caller::gone, undo what
// they have begun, and their answers go nowhere. One that only closes its sending side still gets
// every answer. What a client does not read is bounded: answers by their number and size, events by
// being fetched from the log only when the former ones are gone.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <asio/local/stream_protocol.hpp>

#include "supervisor/event_log.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"
#include "supervisor/rpc/message.h"
#include "supervisor/rpc/subscription.h"
#include "supervisor/supervisor.h"

namespace chock::supervisor::rpc {

// What clients are served with; outlives every connection.
struct Service {
  // `params` live until the call has been answered.
  std::function<Awaitable<Result<state::Json>>(std::string method, const state::Json& params,
                                               Caller caller)>
      call;
  EventLog* events = nullptr;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::local::stream_protocol::socket socket, const Service& service)
      : socket_(std::move(socket)), service_(service) {}

  // Completes when nothing is left to answer, or nobody to answer to and every call has returned.
  [[nodiscard]] Awaitable<void> serve();

  // The server stops: as if the client had vanished.
  void drop() { gone_.set(); }

 private:
  enum class Input { MayFollow, Ended };
  [[nodiscard]] Awaitable<void> read_lines();
  [[nodiscard]] Input read_available();
  [[nodiscard]] Awaitable<void> take_lines();
  [[nodiscard]] Awaitable<void> wait_for_room();
  void take_line(std::string_view line);
  void begin(Awaitable<void> task);
  [[nodiscard]] Awaitable<void> answer(Request request);
  [[nodiscard]] Awaitable<void> send_events(Request request);
  [[nodiscard]] Awaitable<void> send_events(Subscription subscription, uint64_t number);
  [[nodiscard]] Awaitable<void> write_lines();
  [[nodiscard]] Awaitable<void> vanish();
  [[nodiscard]] Awaitable<void> hang_up();
  [[nodiscard]] Awaitable<void> finish();
  [[nodiscard]] Awaitable<void> next_end();
  void send(std::string line);
  void on_end();

  asio::local::stream_protocol::socket socket_;
  const Service& service_;
  Latch gone_;
  std::string input_;              // the beginning of a line
  std::deque<std::string> lines_;  // to be written; the first one is being written
  size_t unread_ = 0;              // bytes of these
  size_t running_ = 0;             // requests and subscriptions that are not done, and the writer
  size_t requests_ = 0;            // of these, what is with the supervisor
  size_t subscribed_ = 0;          // and what streams events
  uint64_t subscriptions_ = 0;     // the number of the newest one
  std::shared_ptr<Latch> ended_ = std::make_shared<Latch>();  // set when the next of these ends
};

}  // namespace chock::supervisor::rpc
