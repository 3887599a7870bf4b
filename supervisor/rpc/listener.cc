// SPDX-License-Identifier: Apache-2.0
#include "supervisor/rpc/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "common/sys/proc.h"
#include "common/sys/state_dir.h"
#include "supervisor/rpc/socket_path.h"

namespace chock::supervisor::rpc {
namespace {

constexpr int kBacklog = SOMAXCONN;  // clients come in crowds, and a full queue turns them away
constexpr int kFirstInherited = 3;   // SD_LISTEN_FDS_START
constexpr const char* kGroup = "chock";

// Whether the entry at `address` was a socket without a server, which is gone now.
Result<void> make_room(const SocketPath& path) {
  struct stat info{};
  if (::lstat(path.full().c_str(), &info) != 0) {
    return errno == ENOENT ? Result<void>() : system_error("listen", path.full());
  }
  if (!S_ISSOCK(info.st_mode)) {
    return input_error("listen", path.full(), "exists and is not a socket");
  }
  const sys::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), path.address(), path.length()) == 0 || errno != ECONNREFUSED) {
    return input_error("listen", path.full(), "in use by another server");
  }
  return ::unlink(path.full().c_str()) == 0 ? Result<void>() : system_error("unlink", path.full());
}

// The mode comes last: nobody may connect before the group is right.
Result<void> open_to_group(const std::string& path, std::optional<gid_t> group) {
  if (group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *group) == 0 &&
      ::chmod(path.c_str(), 0660) != 0) {
    return system_error("chmod", path);
  }
  return {};
}

bool has_option(int socket, int option, int expected) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 && value == expected;
}

bool is_unix_listener(int fd) {
  return has_option(fd, SO_DOMAIN, AF_UNIX) && has_option(fd, SO_TYPE, SOCK_STREAM) &&
         has_option(fd, SO_ACCEPTCONN, 1);
}

std::string path_of(int socket) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return {};
  }
  return {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)};
}

}  // namespace

std::optional<gid_t> client_group() {
  const group* found = ::getgrnam(kGroup);
  return found == nullptr ? std::nullopt : std::optional(found->gr_gid);
}

Result<Listener> Listener::bind(const std::string& path, std::optional<gid_t> group) {
  const SocketPath socket_path = TRY(SocketPath::make(path));
  TRY(make_room(socket_path));
  sys::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const mode_t former = ::umask(0177);
  const bool bound =
      fd.valid() && ::bind(fd.get(), socket_path.address(), socket_path.length()) == 0;
  const int reason = errno;
  ::umask(former);
  if (!bound) {
    return system_error(reason, "listen", path);
  }
  Listener listener(std::move(fd), path, Origin::Bound);
  TRY(open_to_group(path, group));
  if (::listen(listener.fd(), kBacklog) != 0) {
    return system_error("listen", path);
  }
  return listener;
}

Result<std::optional<Listener>> Listener::inherited() {
  const char* process = ::getenv("LISTEN_PID");
  const char* count = ::getenv("LISTEN_FDS");
  if (process == nullptr || count == nullptr ||
      sys::parse_number(process) != static_cast<uint64_t>(::getpid())) {
    return std::nullopt;
  }
  if (sys::parse_number(count) != uint64_t{1}) {
    return input_error("listen", "LISTEN_FDS", "exactly one socket is needed");
  }
  if (!is_unix_listener(kFirstInherited)) {
    return input_error("listen", "inherited descriptor 3", "not a listening Unix stream socket");
  }
  sys::UniqueFd fd(kFirstInherited);  // now that it is certain to be what was meant for us
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) {
    return system_error("fcntl", "inherited descriptor 3");
  }
  const std::string path = path_of(fd.get());
  return Listener(std::move(fd), path, Origin::Inherited);
}

Listener::~Listener() {
  if (fd_.valid() && origin_ == Origin::Bound) {
    ::unlink(path_.c_str());
  }
}

Result<bool> may_connect(int connection, std::optional<gid_t> group) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return system_error("getsockopt", "SO_PEERCRED");
  }
  if (peer.uid == 0 || peer.uid == ::geteuid() || (group && peer.gid == *group)) {
    return true;
  }
  constexpr size_t kMostGroups = 65536;  // NGROUPS_MAX
  std::vector<gid_t> groups(kMostGroups);
  size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    return system_error("getsockopt", "SO_PEERGROUPS");
  }
  groups.resize(size / sizeof(gid_t));
  return group && std::ranges::find(groups, *group) != groups.end();
}

}  // namespace chock::supervisor::rpc
