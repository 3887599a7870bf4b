// SPDX-License-Identifier: Apache-2.0
// SocketPath is the address of a Unix socket whose path may be longer than the 107 bytes that fit
// into an address (unix(7)): it is reached through a descriptor of its directory then.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor::rpc {

class SocketPath {
 public:
  // The directory must exist.
  [[nodiscard]] static Result<SocketPath> make(std::string path);

  [[nodiscard]] const std::string& full() const { return full_; }
  // Valid as long as this object.
  [[nodiscard]] const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&address_);
  }
  [[nodiscard]] socklen_t length() const { return sizeof address_; }

 private:
  SocketPath() = default;
  std::string full_;
  sys::UniqueFd directory_;
  sockaddr_un address_{};
};

}  // namespace chock::supervisor::rpc
