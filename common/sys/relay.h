// SPDX-License-Identifier: Apache-2.0
// Relay moves bytes from one descriptor to another, byte-exact, without ever blocking. A passive
// object: its caller waits for what it says it needs and calls advance() again.
//
// splice(2) where the kernel can (pipe and fifo), read and write otherwise (terminals, files opened
// for appending).
#pragma once

#include <cstdint>
#include <optional>

#include "common/result.h"
#include "common/sys/memory.h"

namespace chock::sys {

class Relay {
 public:
  enum class Needs {
    Source,  // call again when the source is readable
    Sink,    // call again when the sink is writable
    Nothing  // done: end of file and everything delivered, or stopped
  };
  // What to do with data that the sink refuses for good (ENOSPC, EPIPE, EIO): throw it away and go
  // on, so that the writer never blocks, or stop.
  enum class OnSinkError { Discard, Stop };

  // Borrows two descriptors. A pipe, fifo, socket or terminal among them must not block.
  Relay(int source, int sink, OnSinkError on_sink_error);

  // A bounded amount of work: at most one pipe's worth.
  [[nodiscard]] Needs advance();

  [[nodiscard]] uint64_t bytes_read() const { return read_; }
  [[nodiscard]] uint64_t bytes_delivered() const { return delivered_; }
  // The first thing that went wrong with the sink, and with the source.
  [[nodiscard]] const std::optional<Error>& sink_error() const { return sink_error_; }
  [[nodiscard]] const std::optional<Error>& source_error() const { return source_error_; }

 private:
  [[nodiscard]] Needs splice_once();
  [[nodiscard]] Needs obstacle() const;
  [[nodiscard]] Needs copy_once();
  [[nodiscard]] Needs write_pending();
  [[nodiscard]] Needs refused(int code);
  void grow_if_full(size_t moved);

  int source_;
  int sink_;
  OnSinkError on_sink_error_;
  bool splicing_;            // not for terminals, and only until the kernel says that it cannot
  int source_capacity_ = 0;  // of a pipe; 0 for anything else
  uint64_t read_ = 0;
  uint64_t delivered_ = 0;
  // For copying only. Never initialised, because a page that was never touched costs nothing: most
  // relays copy little or, from /dev/null, nothing at all, and then live as long as their process.
  LazyBuffer buffer_;
  size_t pending_begin_ = 0;  // what was read and not yet written: buffer_[begin, end)
  size_t pending_end_ = 0;
  std::optional<Error> sink_error_;
  std::optional<Error> source_error_;
};

}  // namespace chock::sys
