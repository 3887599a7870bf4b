// SPDX-License-Identifier: Apache-2.0
#include "shim/stdio_opening.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/state/layout.h"

namespace chock::shim {
namespace {

constexpr int kFlags = O_NONBLOCK | O_CLOEXEC | O_NOCTTY;

// A path that was looked up once; whatever happens to its name later, `open_path` leads to the same
// file (proc(5), /proc/pid/fd).
struct Pinned {
  sys::UniqueFd fd;
  std::string open_path;
  mode_t type = 0;
};

Result<Pinned> pin(const std::string& path) {
  struct stat info{};
  Pinned pinned{sys::UniqueFd(::open(path.c_str(), O_PATH | O_CLOEXEC))};
  if (!pinned.fd.valid() || ::fstat(pinned.fd.get(), &info) != 0) {
    // The contract's words; with its blank even for an empty path.
    return system_error(path.empty() ? "stat " : "stat", path);
  }
  pinned.open_path = "/proc/self/fd/" + std::to_string(pinned.fd.get());
  pinned.type = info.st_mode & S_IFMT;
  return pinned;
}

Result<sys::UniqueFd> open_pinned(const Pinned& pinned, int flags) {
  if (pinned.type == S_IFDIR) {
    return system_error(EISDIR, "open", pinned.open_path);
  }
  sys::UniqueFd fd(::open(pinned.open_path.c_str(), flags | kFlags));
  if (!fd.valid()) {
    return system_error("open", pinned.open_path);
  }
  return fd;
}

}  // namespace

Result<StdioOpening> StdioOpening::begin(const StdioPaths& paths, int exit_writer) {
  StdioOpening opening;
  opening.terminal_ = paths.terminal;
  opening.exit_writer_ = exit_writer;
  if (!sys::has_reader(exit_writer)) {
    TRY(opening.await_reader({Member::Exit, state::layout::kExitFifo, state::layout::kExitFifo}));
  }
  TRY(opening.open_input(paths.in));
  TRY(opening.open_output(Member::Out, paths.out));
  if (!paths.terminal) {
    TRY(opening.open_output(Member::Err, paths.err));
  }
  return opening;
}

ClientFile& StdioOpening::file(Member member) {
  return member == Member::Out ? stdio_.out : stdio_.err;
}

int StdioOpening::writer(Member member) const {
  switch (member) {
    case Member::Exit:
      return exit_writer_;
    case Member::Out:
      return stdio_.out.fd.get();
    case Member::Err:
      return stdio_.err.fd.get();
  }
  __builtin_unreachable();
}

// The contract's texts: only non-terminal output names the path.
Error StdioOpening::described(const std::string& path, Error cause) const {
  if (terminal_) {
    return cause;
  }
  return Error{0, "containerd-shim:", "opening " + path + " failed", cause.message()};
}

Result<void> StdioOpening::open_input(const std::string& path) {
  const Pinned pinned = TRY(pin(path));
  stdio_.in.fd = TRY(open_pinned(pinned, O_RDONLY));
  if (pinned.type == S_IFIFO) {
    // We read it, so opening it for writing does not wait for anybody.
    stdio_.in.keeper = TRY(open_pinned(pinned, O_WRONLY));
  }
  return {};
}

Result<void> StdioOpening::open_output(Member member, const std::string& path) {
  Result<Pinned> pinned = pin(path);
  if (!pinned) {
    return std::unexpected(described(path, pinned.error()));
  }
  Result<void> opened;
  if (pinned->type == S_IFIFO) {
    opened = open_fifo_output(member, path, pinned->open_path);
    pinned_.push_back(std::move(pinned->fd));
  } else {
    // Files are appended to: stdout and stderr may be the same one, and an old log is kept.
    Result<sys::UniqueFd> fd = open_pinned(*pinned, O_WRONLY | O_APPEND);
    opened = fd ? Result<void>() : std::unexpected(fd.error());
    file(member).fd = fd ? *std::move(fd) : sys::UniqueFd();
  }
  return opened ? opened : std::unexpected(described(path, opened.error()));
}

Result<void> StdioOpening::open_fifo_output(Member member, const std::string& path,
                                            const std::string& open_path) {
  file(member).fd = TRY(sys::open_fifo_writer(open_path));
  Waiting waiting{member, path, open_path};
  return sys::has_reader(file(member).fd.get()) ? keep_reader(waiting)
                                                : await_reader(std::move(waiting));
}

Result<void> StdioOpening::await_reader(Waiting waiting) {
  const Result<void> noticed = blind_ ? Result<void>() : take_notice(waiting.open_path);
  if (!noticed) {
    blind_ = noticed.error().code == EMFILE || noticed.error().code == ENOSPC;
    notice_.reset();
  }
  waiting_.push_back(std::move(waiting));
  return noticed || blind_ ? Result<void>() : noticed;
}

Result<void> StdioOpening::take_notice(const std::string& path) {
  if (!notice_) {
    notice_ = TRY(sys::OpenNotice::make());
  }
  return notice_->add(path);
}

// With a reader of our own, a client that goes away breaks nothing. (The exit fifo carries no
// data.)
Result<void> StdioOpening::keep_reader(const Waiting& found) {
  if (found.member == Member::Exit) {
    return {};
  }
  sys::UniqueFd reader(::open(found.open_path.c_str(), O_RDONLY | kFlags));
  if (!reader.valid()) {
    return system_error("open", found.open_path);
  }
  file(found.member).keeper = std::move(reader);
  return {};
}

Result<void> StdioOpening::look_again() {
  if (notice_) {
    notice_->drain();
  }
  // In their order: the first that is left is the one that the contract names.
  for (auto found = waiting_.begin(); found != waiting_.end();) {
    if (!sys::has_reader(writer(found->member))) {
      ++found;
      continue;
    }
    TRY(keep_reader(*found));
    found = waiting_.erase(found);
  }
  if (waiting_.empty()) {
    pinned_.clear();
  }
  return {};
}

Error StdioOpening::timeout_error() const {
  const Waiting& first = waiting_.front();
  const Error cause{0, "context deadline exceeded", {}, {}};
  if (first.member == Member::Exit) {
    return Error{0, "open", first.path, cause.operation};
  }
  return described(first.path, cause);
}

}  // namespace chock::shim
