// SPDX-License-Identifier: Apache-2.0
// What several unit tests need: a private directory, children, waiting with a deadline.
#pragma once

#include <poll.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "common/result.h"
#include "common/sys/command.h"
#include "common/sys/pidfd.h"
#include "common/sys/pipe.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"

namespace chock::test {

// The value of a Result that must not be an error; ends the program otherwise, so that a test reads
// in a straight line.
[[noreturn]] void die(const std::string& reason);
template <class T>
T must(Result<T> result) {
  if (!result) {
    die(result.error().message());
  }
  if constexpr (!std::is_void_v<T>) {
    return *std::move(result);
  }
}
template <class T>
T must(std::optional<T> value) {
  if (!value) {
    die("nothing where something must be");
  }
  return *std::move(value);
}

// The message of an error; what is not one reads "(no error)".
template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "(no error)" : result.error().message();
}
template <class T>
int code_of(const Result<T>& result) {
  return result ? 0 : result.error().code;
}

// A private directory, gone with the object.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  TempDir(TempDir&&) = delete;
  TempDir& operator=(TempDir&&) = delete;
  ~TempDir();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const;
  [[nodiscard]] sys::StateDir open() const { return must(sys::StateDir::open(path_)); }

 private:
  std::string path_;
};

void write_text(const std::string& path, std::string_view text);
[[nodiscard]] std::string read_text(const std::string& path);
[[nodiscard]] sys::UniqueFd open_fd(const std::string& path, int flags);

// Both ends do not block.
[[nodiscard]] sys::Pipe make_nonblocking_pipe();
// What can be read without waiting.
[[nodiscard]] std::string read_available(int fd);
// Waits at most five seconds for poll(2) to report anything on `fd`.
[[nodiscard]] bool wait_ready(int fd, short events);

// A child of ours that runs `body` and exits with its result.
[[nodiscard]] sys::Pidfd fork_child(const std::function<int()>& body);
[[nodiscard]] sys::Reaped wait_for(const sys::Pidfd& child);

// Runs `script` with sh(1), 0 and 2 from /dev/null, and returns what it wrote to 1.
[[nodiscard]] sys::Command shell(const std::string& script);
struct Output {
  std::string text;
  sys::ExitStatus status;
};
[[nodiscard]] Output run(sys::Command command);

}  // namespace chock::test
