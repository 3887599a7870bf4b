// SPDX-License-Identifier: Apache-2.0
// Where clients of the API connect: proto://address with proto unix, tcp or fd.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"
#include "supervisor/rpc/listener.h"

namespace chock::supervisor::containerd {

struct Address {
  enum class Kind { Unix, Tcp, Inherited };
  Kind kind = Kind::Unix;
  std::string place;  // a path, or HOST:PORT
};
[[nodiscard]] Result<Address> parse_address(std::string_view text);

// The socket in the state directory by which the command line finds its server speaks another
// protocol, so the API's cannot be the same.
[[nodiscard]] Result<void> check_apart(const Address& address, const sys::StateDir& root);

// A listening socket: of a path that is ours for as long as this lives, or any other.
class Listening {
 public:
  // A unix socket gets mode 0660 and our own group. Another server's is an Error (D75). The one
  // that the service manager passes must be claimed before the environment is cleared.
  [[nodiscard]] static Result<Listening> open(const Address& address);

  [[nodiscard]] int fd() const;

 private:
  explicit Listening(std::variant<rpc::Listener, sys::UniqueFd> socket)
      : socket_(std::move(socket)) {}
  std::variant<rpc::Listener, sys::UniqueFd> socket_;
};

}  // namespace chock::supervisor::containerd
