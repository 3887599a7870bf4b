// SPDX-License-Identifier: Apache-2.0
// State: the containers as they are, with the pids of those that run.
#include <algorithm>
#include <exception>

#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>

#include "supervisor/containerd/answers.h"
#include "supervisor/containerd/api.h"
#include "supervisor/containerd/requests.h"
#include "supervisor/containerd/status.h"

namespace chock::supervisor::containerd {
namespace {

// Each reading is a run of the runtime.
constexpr size_t kReadingsAtATime = 8;

// Reads the pids of every container that runs. One whose pids cannot be read is given without them
// (D72): it may just have ended.
class PidsReading {
 public:
  PidsReading(Supervisor& supervisor, types::StateResponse& response) : supervisor_(supervisor) {
    for (types::Container& container : *response.mutable_containers()) {
      if (container.status() == "running") {
        containers_.push_back(&container);
      }
    }
  }

  Awaitable<void> read_all() {
    readers_ = std::min(containers_.size(), kReadingsAtATime);
    if (readers_ == 0) {
      co_return;
    }
    const asio::any_io_executor loop = co_await asio::this_coro::executor;
    for (size_t left = readers_; left > 0; --left) {
      asio::co_spawn(loop, read_some(), [this](const std::exception_ptr& /*failure*/) {
        if (--readers_ == 0) {
          done_.set();
        }
      });
    }
    co_await done_.wait();
  }

 private:
  Awaitable<void> read_some() {
    while (next_ < containers_.size()) {
      types::Container& container = *containers_[next_++];
      const Result<PsAnswer> answer =
          co_await supervisor_.ps(request_for<PsRequest>(container.id()));
      if (answer) {
        container.mutable_pids()->Add(answer->pids.begin(), answer->pids.end());
      }
    }
  }

  Supervisor& supervisor_;
  std::vector<types::Container*> containers_;
  size_t next_ = 0;
  size_t readers_ = 0;
  Latch done_;
};

}  // namespace

Awaitable<Reply<types::StateResponse>> Api::state(types::StateRequest request, Latch& /*gone*/) {
  types::StateResponse response;
  *response.mutable_machine() = machine_;
  if (request.id().empty()) {
    const Result<ListAnswer> list = co_await supervisor_.list(ListRequest());
    if (!list) {
      co_return std::unexpected(to_status(list.error()));
    }
    for (const ContainerInfo& info : list->containers) {
      *response.add_containers() = to_container(info);
    }
  } else {
    const Result<ContainerInfo> info =
        co_await supervisor_.state(request_for<StateRequest>(request.id()));
    if (!info) {
      co_return std::unexpected(to_status(as_lookup(info.error())));
    }
    *response.add_containers() = to_container(*info);
  }
  PidsReading reading(supervisor_, response);
  co_await reading.read_all();
  co_return response;
}

}  // namespace chock::supervisor::containerd
