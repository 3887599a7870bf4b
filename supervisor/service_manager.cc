// SPDX-License-Identifier: Apache-2.0
#include "supervisor/service_manager.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "common/sys/unique_fd.h"

namespace chock::supervisor {

ServiceManager ServiceManager::take_from_environment() {
  ServiceManager manager;
  if (const char* path = ::getenv("NOTIFY_SOCKET"); path != nullptr) {
    manager.path_ = path;
  }
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID",
                           "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(name);
  }
  return manager;
}

void ServiceManager::notify(std::string_view state) const {
  sockaddr_un address{};
  if (path_.empty() || path_.size() >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, path_.size());
  if (path_.front() == '@') {
    address.sun_path[0] = '\0';  // an abstract name (unix(7))
  }
  const sys::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return;  // as with a manager that is gone
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  // A manager that is busy for a moment is waited for, or it would take us for never ready; one
  // that does not read at all must not keep us from serving.
  constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace chock::supervisor
