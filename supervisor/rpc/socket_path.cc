// SPDX-License-Identifier: Apache-2.0
#include "supervisor/rpc/socket_path.h"

#include <errno.h>
#include <fcntl.h>

namespace chock::supervisor::rpc {

Result<SocketPath> SocketPath::make(std::string path) {
  SocketPath result;
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash + 1 == path.size()) {
    return input_error("open", path, "not an absolute path of a socket");
  }
  const std::string directory = path.substr(0, slash + 1);
  result.directory_ = sys::UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!result.directory_.valid()) {
    return system_error("open", directory);
  }
  const std::string short_path =
      path.size() < sizeof result.address_.sun_path
          ? path
          : "/proc/self/fd/" + std::to_string(result.directory_.get()) + path.substr(slash);
  result.address_.sun_family = AF_UNIX;
  if (short_path.copy(result.address_.sun_path, sizeof result.address_.sun_path - 1) !=
      short_path.size()) {
    return system_error(ENAMETOOLONG, "open", path);
  }
  result.full_ = std::move(path);
  return result;
}

}  // namespace chock::supervisor::rpc
