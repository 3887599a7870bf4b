// SPDX-License-Identifier: Apache-2.0
// Door is the one way from gRPC's threads into the supervisor's loop. It can be shut for good
// before the loop goes: gRPC's threads do not stop by themselves when it does.
#pragma once

#include <mutex>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>

namespace chock::supervisor::containerd {

class Door {
 public:
  explicit Door(asio::any_io_executor loop) : loop_(std::move(loop)) {}

  // Runs `task` on the loop, some time; behind a shut door it is destroyed instead.
  template <class Task>
  void post(Task task) {
    const std::scoped_lock lock(mutex_);
    if (open_) {
      asio::post(loop_, std::move(task));
    }
  }

  // Once this returns nothing touches the loop any more.
  void shut() {
    const std::scoped_lock lock(mutex_);
    open_ = false;
  }

 private:
  std::mutex mutex_;
  bool open_ = true;
  asio::any_io_executor loop_;
};

}  // namespace chock::supervisor::containerd
