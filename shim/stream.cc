// SPDX-License-Identifier: Apache-2.0
#include "shim/stream.h"

#include <errno.h>
#include <unistd.h>

namespace chock::shim {
namespace {

using Needs = sys::Relay::Needs;

// An inactive Watch where the kernel says that `fd` needs no waiting (EPERM, epoll_ctl(2)).
Result<sys::Watch> watch_if_possible(sys::EventLoop& loop, int fd,
                                     sys::EventLoop::Callback callback) {
  Result<sys::Watch> watch = loop.watch(fd, EPOLLIN, sys::Order::Stream, std::move(callback));
  if (!watch && watch.error().code == EPERM) {
    return sys::Watch();
  }
  return watch;
}

}  // namespace

Stream::Stream(sys::EventLoop& loop, Ends ends, Direction direction, Callbacks callbacks)
    : loop_(loop),
      ends_(std::move(ends)),
      direction_(direction),
      relay_(ends_.source.get(), ends_.sink.get(),
             direction == Direction::Input ? sys::Relay::OnSinkError::Stop
                                           : sys::Relay::OnSinkError::Discard),
      callbacks_(std::move(callbacks)),
      // By the edge, for what is said in on_sink_event().
      sink_events_(::isatty(ends_.sink.get()) == 1 ? EPOLLOUT | EPOLLET : EPOLLOUT),
      // Anything else that reports an I/O error, a disk for one, will not get better.
      terminal_end_accepted_(::isatty(ends_.source.get()) == 0) {}

Result<void> Stream::start() {
  source_watch_ = TRY(watch_if_possible(loop_, ends_.source.get(), [this](uint32_t) { pump(); }));
  sink_watch_ = TRY(watch_if_possible(loop_, ends_.sink.get(),
                                      [this](uint32_t events) { on_sink_event(events); }));
  wait_for(Needs::Source);
  return {};
}

void Stream::pump() {
  Needs needs = relay_.advance();
  while (needs == Needs::Sink && !sink_watch_.active()) {
    needs = relay_.advance();  // a file takes the rest of a short write at once
  }
  report_sink_error();
  if (needs == Needs::Nothing) {
    end_or_wait();
  } else {
    wait_for(needs);
  }
}

// A full terminal that nobody has open says that it is hung up, and to try it would make it say so
// again. It says that it is writable once somebody has opened it and read.
void Stream::on_sink_event(uint32_t events) {
  if ((sink_events_ & EPOLLET) == 0 || (events & EPOLLOUT) != 0) {
    pump();
  }
}

// One side at a time: a side that is not waited for leaves epoll, because its hang-up would wake us
// again and again.
void Stream::wait_for(Needs needs) {
  const bool source_waits = needs == Needs::Source && source_watch_.active();
  source_watch_.set_events(source_waits ? EPOLLIN : 0U);
  sink_watch_.set_events(source_waits ? 0U : sink_events_);
}

void Stream::report_sink_error() {
  // A process that closes its stdin is nobody's error.
  if (relay_.sink_error() && !sink_error_reported_ && direction_ == Direction::Output) {
    sink_error_reported_ = true;
    callbacks_.on_sink_error(*relay_.sink_error());
  }
}

void Stream::end_or_wait() {
  const auto& error = relay_.source_error();
  const bool may_come_back = error && error->code == EIO && !terminal_end_accepted_;
  if (!may_come_back) {
    finish();
    return;
  }
  // Level-triggered, the hang-up would spin. The edge comes when somebody writes to the terminal
  // again; asking for it reports the hang-up once more, so asking each time would spin as well.
  sink_watch_.set_events(0);
  source_watch_.set_events(EPOLLIN | EPOLLET);
}

void Stream::accept_terminal_end() {
  terminal_end_accepted_ = true;
  if (!done_) {
    pump();
  }
}

void Stream::abandon() {
  if (!done_) {
    finish();
  }
}

void Stream::finish() {
  done_ = true;
  source_watch_.reset();
  sink_watch_.reset();
  // The process's side: end of file for its stdin, nothing more to expect from its output. And who
  // goes on writing to a stdin that nobody reads is to learn of it, rather than wait for ever.
  ends_.source.reset();
  if (direction_ == Direction::Input) {
    ends_.sink.reset();
  }
  callbacks_.on_done();
}

}  // namespace chock::shim
