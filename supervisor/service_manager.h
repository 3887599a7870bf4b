// SPDX-License-Identifier: Apache-2.0
// ServiceManager is whoever started this program and wants to know how it is (sd_notify(3)),
// without its library.
#pragma once

#include <string>
#include <string_view>

namespace chock::supervisor {

class ServiceManager {
 public:
  // As the environment has it, which is cleared of all that such a manager says to one program
  // alone (NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*): no shim and no container may take it for theirs.
  // Inherited sockets are claimed before that (rpc::Listener::inherited).
  [[nodiscard]] static ServiceManager take_from_environment();

  // "READY=1", "STOPPING=1". Nothing happens if nobody wants to know, or does not listen.
  void notify(std::string_view state) const;

 private:
  std::string path_;  // of its socket; '@' first: an abstract name. Empty: nobody
};

}  // namespace chock::supervisor
