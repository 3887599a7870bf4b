// SPDX-License-Identifier: Apache-2.0
// Streams is a process's stdio as a whole: the client's files on one side, pipes or a terminal on
// the other.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "common/result.h"
#include "common/state/control_message.h"
#include "common/state/exit_record.h"
#include "common/sys/event_loop.h"
#include "shim/output_tail.h"
#include "shim/stdio_opening.h"
#include "shim/stream.h"

namespace chock::shim {

class Streams {
 public:
  struct Callbacks {
    std::move_only_function<void()> on_drained;  // once: every output has ended and is delivered
    std::move_only_function<void(const Error&)> on_sink_error;  // the first of each client file
  };

  Streams(sys::EventLoop& loop, Callbacks callbacks);
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  Streams(Streams&&) = delete;
  Streams& operator=(Streams&&) = delete;
  ~Streams() = default;

  // What the client's side is, before anything is connected to it.
  void take_client(ClientStdio client);

  // The process's stdin, stdout and stderr. They are to be closed here once it has them: a writing
  // end that stays open would keep the output from ever ending.
  using ProcessEnds = std::array<sys::UniqueFd, 3>;
  // Starts carrying through pipes that belong to `uid` and `gid`.
  [[nodiscard]] Result<ProcessEnds> connect_pipes(uint32_t uid, uint32_t gid);

  // Starts carrying through a terminal.
  [[nodiscard]] Result<void> connect_terminal(sys::UniqueFd master);

  // Drops our own hold on the client's stdin: what was written is delivered, then comes end of file
  // (unless other clients have it open). Once is enough; more is fine; before there is a client it
  // is remembered (R-51b).
  void close_stdin();
  // Remembered if the terminal has not arrived yet; the latest size wins.
  void resize(const state::ControlMessage& size);

  // The process has ended: see Stream::accept_terminal_end.
  void accept_terminal_end();
  // Output that cannot be delivered is given up.
  void abandon();

  // Makes ready for close_outputs(): files in `dir`, which must outlive this object, for output
  // that goes to fifos. After take_client().
  [[nodiscard]] Result<void> reserve_tails(const sys::StateDir& dir);
  // Once everything is delivered: lets go of the client's fifos, having saved what nobody has read.
  // Once is enough; more is fine.
  [[nodiscard]] Result<void> close_outputs();

  void count_into(state::ExitRecord& record) const;

 private:
  using Slot = std::optional<Stream>;
  [[nodiscard]] Result<void> connect(Slot& slot, Stream::Ends ends, Stream::Direction direction);
  void report_if_drained();

  // One output fifo's.
  struct Tail {
    std::optional<OutputTail> file;
    uint64_t saved = 0;
  };
  [[nodiscard]] static Result<void> close_output(Slot& slot, ClientFile& client, Tail& tail);

  sys::EventLoop& loop_;
  ClientStdio client_;
  Callbacks callbacks_;
  bool drained_reported_ = false;
  bool stdin_closed_ = false;
  bool connected_ = false;  // all streams that there will be are there
  std::optional<state::ControlMessage> early_size_;
  sys::UniqueFd master_;
  Tail out_tail_, err_tail_;
  Slot in_, out_, err_;
};

}  // namespace chock::shim
