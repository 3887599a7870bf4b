// SPDX-License-Identifier: Apache-2.0
#include "supervisor/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <limits>
#include <optional>

#include "common/sys/proc.h"

namespace chock::supervisor {
namespace {

constexpr int kBacklog = 16;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

template <class Socket>
Address address_of(const Socket& socket) {
  Address address;
  std::memcpy(&address.storage, &socket, sizeof socket);
  address.length = sizeof socket;
  return address;
}

// Only what is certain to be this machine; names other than localhost are not looked up.
std::optional<Address> parse_loopback(const std::string& host, in_port_t port) {
  sockaddr_in6 six{.sin6_family = AF_INET6, .sin6_port = ::htons(port)};
  if (host == "[::1]") {
    six.sin6_addr = in6addr_loopback;
    return address_of(six);
  }
  sockaddr_in four{.sin_family = AF_INET, .sin_port = ::htons(port)};
  const std::string text = host == "localhost" ? "127.0.0.1" : host;
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) != 1 ||
      ::ntohl(four.sin_addr.s_addr) >> IN_CLASSA_NSHIFT != IN_LOOPBACKNET) {
    return std::nullopt;
  }
  return address_of(four);
}

Result<Address> parse_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::optional<uint64_t> port =
      colon == std::string::npos ? std::nullopt : sys::parse_number(text.substr(colon + 1));
  const bool valid = port && *port > 0 && *port <= std::numeric_limits<in_port_t>::max();
  const std::optional<Address> address =
      valid ? parse_loopback(text.substr(0, colon), static_cast<in_port_t>(*port)) : std::nullopt;
  if (!address) {
    return input_error("listen", text,
                       "must be unix:///PATH, or HOST:PORT with 127.0.0.1, [::1] or localhost");
  }
  return *address;
}

}  // namespace

Result<sys::UniqueFd> listen_on_loopback(const std::string& text) {
  const Address address = TRY(parse_address(text));
  sys::UniqueFd fd(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;  // or what is left of the last server's connections would keep the port
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return system_error("listen", text);
  }
  return fd;
}

}  // namespace chock::supervisor
