// SPDX-License-Identifier: Apache-2.0
#include "shim/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "common/sys/pipe.h"

namespace chock::shim {
namespace {

constexpr char kSocketName[] = "/pty.sock";
constexpr char kDirectoryName[] = "/ptyXXXXXX";
constexpr size_t kNameLimit = 4096;  // of the file name that comes along, which nobody needs

// The runtime connects by path, and a path longer than this cannot be connected to (unix(7)).
bool fits_socket_address(const std::string& directory) {
  return directory.size() + sizeof kDirectoryName + sizeof kSocketName <
         sizeof(sockaddr_un::sun_path);
}

// A relative path would be another one for the runtime, whose working directory is the bundle.
std::string temporary_root() {
  const char* variable = ::getenv("TMPDIR");
  const std::string root = variable != nullptr ? variable : "";
  return root.starts_with('/') && fits_socket_address(root) ? root : "/tmp";
}

Result<sys::UniqueFd> listen_at(const std::string& path) {
  sys::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (!fd.valid() ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 1) != 0) {
    return system_error("listen", path);
  }
  return fd;
}

// Every descriptor of a message becomes ours, wanted or not; otherwise a second one would leak.
std::vector<sys::UniqueFd> take_descriptors(const msghdr& message) {
  std::vector<sys::UniqueFd> taken;
  for (const cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(control))) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      ::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof fd);
      taken.emplace_back(fd);
    }
  }
  return taken;
}

}  // namespace

Result<ConsoleSocket> ConsoleSocket::make() {
  std::string directory = temporary_root() + kDirectoryName;
  if (::mkdtemp(directory.data()) == nullptr) {
    return system_error("mkdir", directory);
  }
  const std::string path = directory + kSocketName;
  ConsoleSocket console(std::move(directory), path);
  console.listener_ = TRY(listen_at(path));
  return console;
}

ConsoleSocket::ConsoleSocket(ConsoleSocket&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      path_(std::exchange(other.path_, {})),
      listener_(std::move(other.listener_)) {}

ConsoleSocket::~ConsoleSocket() {
  if (!directory_.empty()) {
    ::unlink(path_.c_str());  // may not exist yet
    ::rmdir(directory_.c_str());
  }
}

Result<std::optional<sys::UniqueFd>> ConsoleSocket::take_connection() const {
  sys::UniqueFd connection(
      ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection.valid() && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)) {
    return std::nullopt;
  }
  if (!connection.valid()) {
    return system_error("accept", path_);
  }
  return connection;
}

Result<std::optional<sys::UniqueFd>> receive_master(int connection) {
  std::array<char, kNameLimit> name{};
  // Room for more descriptors than are wanted, so that a surplus is seen and closed.
  constexpr size_t kMostDescriptors = 16;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  iovec io{name.data(), name.size()};
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return std::nullopt;
  }
  if (count < 0) {
    return system_error("recvfd");
  }
  std::vector<sys::UniqueFd> descriptors = take_descriptors(message);
  if (static_cast<size_t>(count) >= kNameLimit || descriptors.empty()) {
    return input_error("recvfd", "",
                       "incorrect number of bytes read (n=" + std::to_string(count) +
                           " oobn=" + std::to_string(message.msg_controllen) + ")");
  }
  if (descriptors.size() != 1) {
    return input_error("recvfd", "",
                       "number of fds is not 1: " + std::to_string(descriptors.size()));
  }
  if (::isatty(descriptors[0].get()) == 0) {
    return input_error("provided file is not a console", "", "");
  }
  TRY(sys::set_nonblocking(descriptors[0].get()));
  return std::move(descriptors[0]);
}

void resize_terminal(int master, uint16_t width, uint16_t height) {
  const winsize size{.ws_row = height, .ws_col = width, .ws_xpixel = 0, .ws_ypixel = 0};
  static_cast<void>(::ioctl(master, TIOCSWINSZ, &size));  // the contract: errors are ignored
}

}  // namespace chock::shim
