// SPDX-License-Identifier: Apache-2.0
// AttachedStdio connects this program's standard streams with the stdio fifos of a process.
#pragma once

#include <optional>
#include <vector>

#include "common/result.h"
#include "common/sys/unique_fd.h"
#include "supervisor/cli/detach_keys.h"
#include "supervisor/fd_watch.h"
#include "supervisor/own_stream.h"
#include "supervisor/tasks.h"

namespace chock::supervisor::cli {

class AttachedStdio {
 public:
  // What of ours is connected; a terminal has no stderr.
  struct Wanted {
    bool input = true;
    bool error = true;
  };
  // The shim waits for a reader of each output fifo, so nothing is lost before this. A stream that
  // goes elsewhere than to a fifo is left alone.
  [[nodiscard]] static Result<AttachedStdio> open(const StdioPaths& paths, Wanted wanted);

  // Whether any stream is connected.
  [[nodiscard]] bool connected() const { return in_ || out_ || err_; }

  // Once the shim has opened the fifos. From then on output ends when the shim does.
  void on_launched();

  // Completes when everything that the process wrote has been written to our stdout and stderr.
  // What these refuse is thrown away: a full disk of ours must not stop the container.
  [[nodiscard]] Awaitable<void> copy_output();
  // Why some of it was, so far: "write stdout: no space left on device". A reader that has left us
  // did so on purpose, and is not counted.
  [[nodiscard]] std::vector<Error> lost_output() const;

  // Completes at the end of our stdin, or when the process does not want more of it.
  [[nodiscard]] Awaitable<void> copy_input();
  // The same with what is typed; true: the detach keys were.
  [[nodiscard]] Awaitable<bool> copy_keys(DetachKeys keys);
  // Ours to close when there is no more input; the shim's end is closed by its own operation.
  void close_input() { in_.reset(); }

 private:
  struct Input {
    sys::UniqueFd fifo;  // writing end
    OwnStream source;
  };
  // The way of one of the process's output streams to ours.
  struct Output {
    sys::UniqueFd held;    // both ends of the fifo, so that there is a writer until the shim is one
    sys::UniqueFd reader;  // opened while there was a writer, or it would never report a hang-up
    OwnStream sink;
    std::optional<Error> refused = std::nullopt;  // the first time that the sink did not take it
  };
  AttachedStdio() = default;
  [[nodiscard]] static Result<std::optional<Input>> open_input(const std::string& path);
  [[nodiscard]] static Result<std::optional<Output>> open_output(const std::string& path, int fd);

  std::optional<Input> in_;
  std::optional<Output> out_, err_;
};

}  // namespace chock::supervisor::cli
