// SPDX-License-Identifier: Apache-2.0
#include "shim/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/state/layout.h"
#include "common/sys/pipe.h"
#include "shim/console.h"

namespace chock::shim {
namespace {

using Direction = Stream::Direction;

Result<sys::Pipe> make_owned_pipe(uint32_t uid, uint32_t gid) {
  sys::Pipe pipe = TRY(sys::make_pipe());
  // Both ends are one inode. A process that is not root may open /dev/stdout again only if it owns
  // it.
  if (::fchown(pipe.read.get(), uid, gid) != 0) {
    return system_error("chown", "stdio pipe");
  }
  return pipe;
}

// A second descriptor, because epoll takes each only once and a terminal is watched both as source
// and as sink.
Result<sys::UniqueFd> duplicate(int fd) {
  sys::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) {
    return system_error("duplicate", "console");
  }
  return copy;
}

void count_stream(std::optional<state::StreamCount>& count, const std::optional<Stream>& stream,
                  uint64_t unread = 0) {
  if (stream) {
    count = stream->count();
    count->unread = unread;
  }
}

}  // namespace

Streams::Streams(sys::EventLoop& loop, Callbacks callbacks)
    : loop_(loop), callbacks_(std::move(callbacks)) {}

void Streams::take_client(ClientStdio client) {
  client_ = std::move(client);
  if (stdin_closed_) {
    close_stdin();
  }
}

void Streams::close_stdin() {
  stdin_closed_ = true;
  client_.in.keeper.reset();
}

Result<void> Streams::connect(Slot& slot, Stream::Ends ends, Direction direction) {
  slot.emplace(loop_, std::move(ends), direction,
               Stream::Callbacks{[this] { report_if_drained(); },
                                 [this](const Error& error) { callbacks_.on_sink_error(error); }});
  return slot->start();
}

Result<Streams::ProcessEnds> Streams::connect_pipes(uint32_t uid, uint32_t gid) {
  sys::Pipe in = TRY(make_owned_pipe(uid, gid));
  sys::Pipe out = TRY(make_owned_pipe(uid, gid));
  sys::Pipe err = TRY(make_owned_pipe(uid, gid));
  for (const sys::UniqueFd* end : {&in.write, &out.read, &err.read}) {
    TRY(sys::set_nonblocking(end->get()));  // ours alone: the process's ends block as usual
  }
  TRY(connect(in_, {std::move(client_.in.fd), std::move(in.write)}, Direction::Input));
  TRY(connect(out_, {std::move(out.read), std::move(client_.out.fd)}, Direction::Output));
  TRY(connect(err_, {std::move(err.read), std::move(client_.err.fd)}, Direction::Output));
  connected_ = true;
  return ProcessEnds{std::move(in.read), std::move(out.write), std::move(err.write)};
}

Result<void> Streams::connect_terminal(sys::UniqueFd master) {
  master_ = std::move(master);  // first, so that no resize falls in between
  if (early_size_) {
    resize(*early_size_);
  }
  sys::UniqueFd sink = TRY(duplicate(master_.get()));
  sys::UniqueFd source = TRY(duplicate(master_.get()));
  TRY(connect(in_, {std::move(client_.in.fd), std::move(sink)}, Direction::Input));
  TRY(connect(out_, {std::move(source), std::move(client_.out.fd)}, Direction::Output));
  connected_ = true;
  return {};
}

void Streams::resize(const state::ControlMessage& size) {
  if (!master_.valid()) {
    early_size_ = size;
    return;
  }
  resize_terminal(master_.get(), size.width, size.height);
}

void Streams::accept_terminal_end() {
  if (master_.valid() && out_) {
    out_->accept_terminal_end();
  }
}

void Streams::abandon() {
  for (Slot* slot : {&out_, &err_}) {
    if (*slot) {
      (*slot)->abandon();
    }
  }
}

void Streams::report_if_drained() {
  const auto ended = [](const Slot& slot) { return !slot || slot->done(); };
  if (connected_ && !drained_reported_ && ended(out_) && ended(err_)) {
    drained_reported_ = true;
    callbacks_.on_drained();
  }
}

void Streams::count_into(state::ExitRecord& record) const {
  count_stream(record.standard_in, in_);
  count_stream(record.standard_out, out_, out_tail_.saved);
  count_stream(record.standard_error, err_, err_tail_.saved);
}

Result<void> Streams::reserve_tails(const sys::StateDir& dir) {
  namespace layout = state::layout;
  if (client_.out.keeper.valid()) {
    out_tail_.file.emplace(TRY(OutputTail::reserve(dir, layout::kStdoutTail)));
  }
  if (client_.err.keeper.valid()) {
    err_tail_.file.emplace(TRY(OutputTail::reserve(dir, layout::kStderrTail)));
  }
  return {};
}

Result<void> Streams::close_output(Slot& slot, ClientFile& client, Tail& tail) {
  if (!tail.file || !slot || !slot->done()) {
    return {};
  }
  OutputTail file = *std::move(tail.file);
  tail.file.reset();
  tail.saved = TRY(file.release({slot->take_sink(), std::move(client.keeper)}));
  return {};
}

Result<void> Streams::close_outputs() {
  const Result<void> out = close_output(out_, client_.out, out_tail_);
  const Result<void> err = close_output(err_, client_.err, err_tail_);
  return out ? err : out;
}

}  // namespace chock::shim
