// SPDX-License-Identifier: Apache-2.0
#include "common/sys/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "common/sys/pipe.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {
namespace {

int pipe_capacity(int fd) { return std::max(::fcntl(fd, F_GETPIPE_SZ), 0); }

}  // namespace

Relay::Relay(int source, int sink, OnSinkError on_sink_error)
    : source_(source),
      sink_(sink),
      on_sink_error_(on_sink_error),
      splicing_(::isatty(source) == 0 && ::isatty(sink) == 0),
      source_capacity_(pipe_capacity(source)) {}

Relay::Needs Relay::advance() { return splicing_ ? splice_once() : copy_once(); }

Relay::Needs Relay::splice_once() {
  const ssize_t count =
      ::splice(source_, nullptr, sink_, nullptr, kPipeSizeMax, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (count > 0) {
    read_ += static_cast<uint64_t>(count);
    delivered_ += static_cast<uint64_t>(count);
    grow_if_full(static_cast<size_t>(count));
    return Needs::Source;
  }
  if (count == 0) {
    return Needs::Nothing;
  }
  if (errno == EINTR) {
    return Needs::Source;  // still readable: the caller comes straight back
  }
  if (errno == EAGAIN) {
    return obstacle();
  }
  if (errno == EPIPE) {
    return refused(EPIPE);
  }
  // EINVAL where either side cannot splice; for any other error the copy finds out whose it is.
  splicing_ = false;
  return copy_once();
}

// Either there is nothing to take or no room to put it: splice(2) does not say which. And a full
// sink is all that it reports of a source that is at its end; waiting for either of them would be
// wrong then, as the source stays ready and nobody may ever read the sink.
Relay::Needs Relay::obstacle() const {
  pollfd source{source_, POLLIN, 0};
  static_cast<void>(::poll(&source, 1, 0));  // fails only for want of memory: then, as if silent
  if ((source.revents & POLLIN) != 0) {
    return Needs::Sink;
  }
  return (source.revents & POLLHUP) != 0 ? Needs::Nothing : Needs::Source;
}

// Larger pipes carry several times more (measured with the relay benchmark), but a reader that has
// stalled must not be handed more to hold: only a full pipe's worth that a reader has kept up with
// makes them grow.
void Relay::grow_if_full(size_t moved) {
  const bool full = source_capacity_ > 0 && moved >= static_cast<size_t>(source_capacity_);
  if (!full || source_capacity_ >= kPipeSizeMax || delivered_ <= moved) {
    return;
  }
  if (bytes_waiting(sink_) > moved) {
    return;
  }
  if (grow_pipe(source_)) {
    static_cast<void>(grow_pipe(sink_));  // not every sink is a pipe
    source_capacity_ = pipe_capacity(source_);
  }
}

Relay::Needs Relay::copy_once() {
  if (pending_begin_ < pending_end_) {
    return write_pending();
  }
  if (!buffer_.reserve()) {
    source_error_ = Error{ENOMEM, "reserve memory", "stream", {}};
    return Needs::Nothing;
  }
  const Result<ReadResult> got = read_some(source_, buffer_.data(), buffer_.size(), "stream");
  if (!got) {
    source_error_ = got.error();
    return Needs::Nothing;
  }
  switch (got->kind) {
    case ReadResult::Kind::End:
      return Needs::Nothing;
    case ReadResult::Kind::WouldBlock:
      buffer_.release();  // the next bytes may be months away
      return Needs::Source;
    case ReadResult::Kind::Bytes:
      break;
  }
  read_ += got->bytes;
  pending_begin_ = 0;
  pending_end_ = got->bytes;
  return write_pending();
}

// All of it, or until the sink says that it is full: who waits for an edge must have seen the end
// of what there was (epoll(7)).
Relay::Needs Relay::write_pending() {
  while (pending_begin_ < pending_end_) {
    const ssize_t count =
        ::write(sink_, buffer_.data() + pending_begin_, pending_end_ - pending_begin_);
    if (count < 0 && errno == EAGAIN) {
      return Needs::Sink;
    }
    if (count < 0 && errno != EINTR) {
      return refused(errno);
    }
    const size_t written = static_cast<size_t>(std::max<ssize_t>(count, 0));
    delivered_ += written;
    pending_begin_ += written;
  }
  return Needs::Source;
}

Relay::Needs Relay::refused(int code) {
  if (!sink_error_) {
    sink_error_ = Error{code, "write", "stream", {}};
  }
  if (on_sink_error_ == OnSinkError::Stop) {
    return Needs::Nothing;
  }
  // The next chunk tries the sink again: a disk may have room by then.
  splicing_ = false;
  pending_begin_ = pending_end_ = 0;
  return Needs::Source;
}

}  // namespace chock::sys
