// SPDX-License-Identifier: Apache-2.0
// Receiving a terminal's master from the runtime (runc's docs/terminals.md, "detached"): a socket
// that exists only until the master has arrived.
#pragma once

#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::shim {

// Listens in a private temporary directory. Both are gone when this object is.
class ConsoleSocket {
 public:
  [[nodiscard]] static Result<ConsoleSocket> make();
  ConsoleSocket(ConsoleSocket&& other) noexcept;
  ConsoleSocket& operator=(ConsoleSocket&&) = delete;
  ConsoleSocket(const ConsoleSocket&) = delete;
  ConsoleSocket& operator=(const ConsoleSocket&) = delete;
  ~ConsoleSocket();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int fd() const { return listener_.get(); }
  // The connection that is waiting, if any; close-on-exec and non-blocking.
  [[nodiscard]] Result<std::optional<sys::UniqueFd>> take_connection() const;

 private:
  ConsoleSocket(std::string directory, std::string path)
      : directory_(std::move(directory)), path_(std::move(path)) {}
  std::string directory_;
  std::string path_;
  sys::UniqueFd listener_;
};

// The master out of the runtime's message, close-on-exec and non-blocking; nothing if the message
// has not arrived yet. Anything but exactly one terminal is an Error (containerd 0.2 contract,
// texts).
[[nodiscard]] Result<std::optional<sys::UniqueFd>> receive_master(int connection);

// TIOCSWINSZ; a size of 0 x 0 is set as well.
void resize_terminal(int master, uint16_t width, uint16_t height);

}  // namespace chock::shim
