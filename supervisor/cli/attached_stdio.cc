// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/attached_stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/this_coro.hpp>

#include "common/sys/relay.h"

namespace chock::supervisor::cli {
namespace {

using asio::experimental::awaitable_operators::operator&&;

// Nothing if something else than a fifo is there. Both ends are opened first, in order that no end
// waits for the other (fifo(7)).
struct FifoEnds {
  sys::UniqueFd both;
  sys::UniqueFd wanted;
};
Result<std::optional<FifoEnds>> open_fifo(const std::string& path, int mode) {
  constexpr int kFlags = O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
  struct stat info{};
  if (path.empty() || (::lstat(path.c_str(), &info) == 0 && !S_ISFIFO(info.st_mode))) {
    return std::nullopt;
  }
  sys::UniqueFd both(::open(path.c_str(), O_RDWR | kFlags));
  sys::UniqueFd wanted(both.valid() ? ::open(path.c_str(), mode | kFlags) : -1);
  if (!wanted.valid()) {
    return system_error("open", path);
  }
  return FifoEnds{std::move(both), std::move(wanted)};
}

// The first thing that goes wrong with the sink is in `refused` at once.
Awaitable<void> copy(int source, int sink, sys::Relay::OnSinkError on_sink_error,
                     std::optional<Error>& refused) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  FdWatch from(executor, source);
  FdWatch to(executor, sink);
  sys::Relay relay(source, sink, on_sink_error);
  while (true) {
    const uint64_t before = relay.bytes_read();
    const sys::Relay::Needs needs = relay.advance();
    if (relay.sink_error() && !refused) {
      refused = relay.sink_error();
    }
    if (needs == sys::Relay::Needs::Nothing) {
      co_return;
    }
    if (needs == sys::Relay::Needs::Sink) {
      co_await to.writable();
    } else if (relay.bytes_read() != before) {
      // More may be there, or the end of a fifo that does not announce it: look before waiting.
      co_await yield_once();
    } else {
      co_await from.readable();
    }
  }
}

// False: nobody takes it any more.
Awaitable<bool> write_keys(FdWatch& sink, int fd, std::string keys) {
  while (!keys.empty()) {
    const ssize_t written = ::write(fd, keys.data(), keys.size());
    if (written > 0) {
      keys.erase(0, static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      co_await sink.writable();
    } else if (errno != EINTR) {
      co_return false;
    }
  }
  co_return true;
}

}  // namespace

Result<std::optional<AttachedStdio::Input>> AttachedStdio::open_input(const std::string& path) {
  std::optional<FifoEnds> fifo = TRY(open_fifo(path, O_WRONLY));
  if (!fifo) {
    return std::nullopt;
  }
  OwnStream source = TRY(OwnStream::open(STDIN_FILENO));
  return Input{std::move(fifo->wanted), std::move(source)};
}

Result<std::optional<AttachedStdio::Output>> AttachedStdio::open_output(const std::string& path,
                                                                        int fd) {
  std::optional<FifoEnds> fifo = TRY(open_fifo(path, O_RDONLY));
  if (!fifo) {
    return std::nullopt;
  }
  OwnStream sink = TRY(OwnStream::open(fd));
  return Output{std::move(fifo->both), std::move(fifo->wanted), std::move(sink)};
}

Result<AttachedStdio> AttachedStdio::open(const StdioPaths& paths, Wanted wanted) {
  AttachedStdio stdio;
  if (wanted.input) {
    if (std::optional<Input> in = TRY(open_input(paths.in))) {
      stdio.in_.emplace(*std::move(in));
    }
  }
  if (std::optional<Output> out = TRY(open_output(paths.out, STDOUT_FILENO))) {
    stdio.out_.emplace(*std::move(out));
  }
  if (wanted.error) {
    if (std::optional<Output> err = TRY(open_output(paths.err, STDERR_FILENO))) {
      stdio.err_.emplace(*std::move(err));
    }
  }
  return stdio;
}

void AttachedStdio::on_launched() {
  for (std::optional<Output>* output : {&out_, &err_}) {
    if (*output) {
      (*output)->held.reset();
    }
  }
}

Awaitable<void> AttachedStdio::copy_output() {
  constexpr auto kPolicy = sys::Relay::OnSinkError::Discard;
  if (out_ && err_) {
    co_await (copy(out_->reader.get(), out_->sink.fd(), kPolicy, out_->refused) &&
              copy(err_->reader.get(), err_->sink.fd(), kPolicy, err_->refused));
  } else if (out_ || err_) {
    Output& only = out_ ? *out_ : *err_;
    co_await copy(only.reader.get(), only.sink.fd(), kPolicy, only.refused);
  }
}

std::vector<Error> AttachedStdio::lost_output() const {
  std::vector<Error> lost;
  const auto add = [&lost](const std::optional<Output>& output, const char* name) {
    if (output && output->refused && output->refused->code != EPIPE) {
      lost.push_back({.code = output->refused->code, .operation = "write", .object = name});
    }
  };
  add(out_, "stdout");
  add(err_, "stderr");
  return lost;
}

Awaitable<void> AttachedStdio::copy_input() {
  std::optional<Error> refused;  // by a process that does not want more
  if (in_) {
    co_await copy(in_->source.fd(), in_->fifo.get(), sys::Relay::OnSinkError::Stop, refused);
  }
}

Awaitable<bool> AttachedStdio::copy_keys(DetachKeys keys) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  FdWatch from(executor, in_->source.fd());
  FdWatch to(executor, in_->fifo.get());
  std::array<char, 4096> typed{};
  while (true) {
    co_await from.readable();
    const Result<sys::ReadResult> got =
        sys::read_some(in_->source.fd(), typed.data(), typed.size(), "stdin");
    if (!got || got->kind == sys::ReadResult::Kind::End) {
      co_return false;
    }
    DetachKeys::Scan scan = keys.scan({typed.data(), got->bytes});
    const bool taken = co_await write_keys(to, in_->fifo.get(), std::move(scan.keys));
    if (!taken || scan.detached) {
      co_return scan.detached;
    }
  }
}

}  // namespace chock::supervisor::cli
