// SPDX-License-Identifier: Apache-2.0
// Opening the client's side of the stdio, and the exit fifo: everything whose other end somebody
// else has to open. All wait together and none blocks.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/sys/fifo.h"
#include "common/sys/unique_fd.h"

namespace chock::shim {

// One path of the client's.
struct ClientFile {
  sys::UniqueFd fd;      // the end that carries data
  sys::UniqueFd keeper;  // of a fifo: the other end, so that clients may come and go
};

struct ClientStdio {
  ClientFile in;  // its keeper is what close-stdin closes
  ClientFile out;
  ClientFile err;  // not opened for a terminal
};

struct StdioPaths {
  std::string in, out, err;
  bool terminal = false;
};

class StdioOpening {
 public:
  // How long a fifo may lack a reader (containerd 0.2 contract).
  static constexpr std::chrono::seconds kBudget{15};

  // Opens what can be opened now; the rest is waited for. `exit_writer` (borrowed) is the writing
  // end of the exit fifo, whose reader is waited for as well: without one nobody would learn of the
  // exit.
  [[nodiscard]] static Result<StdioOpening> begin(const StdioPaths& paths, int exit_writer);

  // Whether some fifo still has no reader.
  [[nodiscard]] bool waiting() const { return !waiting_.empty(); }
  // Readable when it is worth calling look_again(); -1 if nobody tells us when (a user has a
  // limited number of inotify instances, inotify(7)).
  [[nodiscard]] int notice_fd() const { return notice_ ? notice_->fd() : -1; }
  [[nodiscard]] Result<void> look_again();
  // What to report when the budget is used up.
  [[nodiscard]] Error timeout_error() const;

  [[nodiscard]] ClientStdio take_stdio() { return std::move(stdio_); }

 private:
  enum class Member { Exit, Out, Err };
  struct Waiting {
    Member member;
    std::string path;       // as the client named it
    std::string open_path;  // what it is opened by
  };

  StdioOpening() = default;
  [[nodiscard]] Result<void> open_input(const std::string& path);
  [[nodiscard]] Result<void> open_output(Member member, const std::string& path);
  [[nodiscard]] Result<void> open_fifo_output(Member member, const std::string& path,
                                              const std::string& open_path);
  [[nodiscard]] Result<void> await_reader(Waiting waiting);
  [[nodiscard]] Result<void> take_notice(const std::string& path);
  [[nodiscard]] Result<void> keep_reader(const Waiting& found);
  [[nodiscard]] ClientFile& file(Member member);
  [[nodiscard]] int writer(Member member) const;
  [[nodiscard]] Error described(const std::string& path, Error cause) const;

  bool terminal_ = false;
  ClientStdio stdio_;
  int exit_writer_ = -1;
  std::vector<Waiting> waiting_;
  std::vector<sys::UniqueFd> pinned_;      // O_PATH: what open_path leads through
  std::optional<sys::OpenNotice> notice_;  // of all that is waited for, or nothing
  bool blind_ = false;                     // there is no notice to be had
};

}  // namespace chock::shim
