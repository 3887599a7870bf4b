// SPDX-License-Identifier: Apache-2.0
// ConsoleReceiver waits in the loop until the runtime has sent the terminal's master.
#pragma once

#include <functional>
#include <optional>

#include "common/result.h"
#include "common/sys/event_loop.h"
#include "common/sys/unique_fd.h"
#include "shim/console.h"

namespace chock::shim {

class ConsoleReceiver {
 public:
  using OnMaster = std::move_only_function<void(Result<sys::UniqueFd>)>;

  // `on_master` is called once, with the master or what was wrong with it. By then the socket and
  // its directory are gone. It may destroy this object.
  ConsoleReceiver(ConsoleSocket socket, OnMaster on_master);
  ConsoleReceiver(const ConsoleReceiver&) = delete;
  ConsoleReceiver& operator=(const ConsoleReceiver&) = delete;
  ConsoleReceiver(ConsoleReceiver&&) = delete;
  ConsoleReceiver& operator=(ConsoleReceiver&&) = delete;
  ~ConsoleReceiver() = default;

  [[nodiscard]] Result<void> start(sys::EventLoop& loop);
  [[nodiscard]] const std::string& path() const { return path_; }
  // Takes what the runtime has sent by now, without waiting for the loop to say so. May call
  // `on_master`.
  void look(sys::EventLoop& loop);

 private:
  void accept(sys::EventLoop& loop);
  void receive();
  void finish(Result<sys::UniqueFd> master);

  std::string path_;
  std::optional<ConsoleSocket> socket_;
  OnMaster on_master_;
  sys::UniqueFd connection_;
  sys::Watch watch_;  // of the listener, then of the connection
};

}  // namespace chock::shim
