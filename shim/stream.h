// SPDX-License-Identifier: Apache-2.0
// Stream is one direction of a process's stdio: a relay and its two descriptors, driven by the
// loop.
#pragma once

#include <functional>

#include "common/result.h"
#include "common/state/exit_record.h"
#include "common/sys/event_loop.h"
#include "common/sys/relay.h"
#include "common/sys/unique_fd.h"

namespace chock::shim {

class Stream {
 public:
  struct Ends {
    sys::UniqueFd source;
    sys::UniqueFd sink;
  };
  // Input goes to the process: it ends, for the process and for the client, when the source does or
  // when nobody reads any more. Output comes from it: a sink that fails never stops it, and the
  // client's side stays open when it ends, because the client may have reasons to open it again
  //
  enum class Direction { Input, Output };
  struct Callbacks {
    std::move_only_function<void()> on_done;                    // once
    std::move_only_function<void(const Error&)> on_sink_error;  // output only, for the first one
  };

  // Not movable: the loop knows its address.
  Stream(sys::EventLoop& loop, Ends ends, Direction direction, Callbacks callbacks);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  Stream(Stream&&) = delete;
  Stream& operator=(Stream&&) = delete;
  ~Stream() = default;

  // Registers with the loop, which carries from then on. An Error leaves the stream dead.
  [[nodiscard]] Result<void> start();

  // A terminal reports an I/O error whenever nobody has its other side open, which is its end only
  // once no process is left to open it again. From now on it is.
  void accept_terminal_end();
  // Gives up: whatever has not been delivered is lost.
  void abandon();

  [[nodiscard]] bool done() const { return done_; }
  // The client's file of an output that is done.
  [[nodiscard]] sys::UniqueFd take_sink() { return std::move(ends_.sink); }
  [[nodiscard]] state::StreamCount count() const {
    return {relay_.bytes_read(), relay_.bytes_delivered()};
  }

 private:
  void pump();
  void on_sink_event(uint32_t events);
  void wait_for(sys::Relay::Needs needs);
  void report_sink_error();
  void end_or_wait();
  void finish();

  sys::EventLoop& loop_;
  Ends ends_;
  Direction direction_;
  sys::Relay relay_;
  Callbacks callbacks_;
  uint32_t sink_events_;  // for which a full sink waits
  bool sink_error_reported_ = false;
  bool terminal_end_accepted_;
  bool done_ = false;
  // Inactive for files that epoll cannot wait for: those never make anybody wait.
  sys::Watch source_watch_;
  sys::Watch sink_watch_;
};

}  // namespace chock::shim
