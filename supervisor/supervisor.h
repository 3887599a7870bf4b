// SPDX-License-Identifier: Apache-2.0
// Supervisor carries out every operation on the containers below one state root. Every front end,
// in this process or across a socket, hands it the same requests.
//
// One loop, no threads: whatever has to be waited for is awaited, so one container never waits for
// another.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <asio/any_io_executor.hpp>

#include "common/result.h"
#include "common/runtime/command_line.h"
#include "common/state/json.h"
#include "common/sys/state_dir.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"
#include "supervisor/observer.h"
#include "supervisor/tasks.h"

namespace chock::supervisor {

// The one who asks, while it waits for the answer.
struct Caller {
  // Set when the caller has lost interest. The operation undoes what it has made and answers
  // "context canceled". This is the only way: the coroutines below must not be cancelled by Asio.
  // Null: never. Outlives the call.
  Latch* gone = nullptr;
  // Of a start or an exec: the process's directory is complete, and the shim is about to wait (up
  // to 15 s) for a reader of each output fifo, those of StdioRequest::fifos for example. The pid of
  // the answer is not known yet.
  std::function<void(const StartAnswer&)> prepared;
};

struct Settings {
  // Who looks after the containers when an operation has been answered.
  enum class Life {
    OneShot,  // nobody, or the next one who asks: what happened is found on disk
    Owner     // we do: every exit is awaited, published and cleaned up after, of all that we
              // started or adopted
  };
  Life life = Life::OneShot;
  runtime::Runtime runtime;  // where a request names none
  std::string shim;          // absolute
  std::chrono::milliseconds start_timeout = std::chrono::seconds(30);
  size_t concurrent_starts = 10;  // the rest wait for their turn
  Observer observer;
};

class Core;

class Supervisor {
 public:
  // An owner that is to adopt what it finds must hold the root's lock.
  Supervisor(asio::any_io_executor executor, sys::StateDir root, Settings settings);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  Supervisor(Supervisor&&) = delete;
  Supervisor& operator=(Supervisor&&) = delete;
  ~Supervisor();  // when its loop does not run any more

  // Any of the operations below by its name ("start", "close-stdin"), requests and answers as JSON.
  // An unknown method is an Error with ENOSYS, bad parameters are one with EINVAL.
  [[nodiscard]] Awaitable<Result<state::Json>> call(std::string method, const state::Json& params,
                                                    Caller caller = {});
  [[nodiscard]] static std::vector<std::string_view> methods();

  // Errors: the reason, in the words of the containerd 0.2 contract where it has some, is `detail`;
  // `code` tells its kind where there is one: EEXIST, ENOENT, ESRCH (no such container or process),
  // ECANCELED (the caller is gone), EINVAL (the request is wrong).
  [[nodiscard]] Awaitable<Result<StartAnswer>> start(StartRequest request, Caller caller = {});
  [[nodiscard]] Awaitable<Result<StartAnswer>> exec(ExecRequest request, Caller caller = {});
  [[nodiscard]] Awaitable<Result<AttachAnswer>> attach(AttachRequest request);
  [[nodiscard]] Awaitable<Result<Done>> kill(KillRequest request);
  [[nodiscard]] Awaitable<Result<WaitAnswer>> wait(WaitRequest request, Caller caller = {});
  [[nodiscard]] Awaitable<Result<ContainerInfo>> state(StateRequest request);
  [[nodiscard]] Awaitable<Result<ListAnswer>> list(ListRequest request);
  [[nodiscard]] Awaitable<Result<Done>> remove(DeleteRequest request);  // "delete"
  [[nodiscard]] Awaitable<Result<Done>> resize(ResizeRequest request);
  [[nodiscard]] Awaitable<Result<Done>> close_stdin(CloseStdinRequest request);
  [[nodiscard]] Awaitable<Result<Done>> pause(PauseRequest request);
  [[nodiscard]] Awaitable<Result<Done>> resume(ResumeRequest request);
  [[nodiscard]] Awaitable<Result<Done>> update(UpdateRequest request);
  [[nodiscard]] Awaitable<Result<StatsAnswer>> stats(StatsRequest request);
  [[nodiscard]] Awaitable<Result<PsAnswer>> ps(PsRequest request);
  [[nodiscard]] Awaitable<Result<Done>> checkpoint_create(CheckpointCreateRequest request);
  [[nodiscard]] Awaitable<Result<CheckpointListAnswer>> checkpoint_list(
      CheckpointListRequest request);
  [[nodiscard]] Awaitable<Result<Done>> checkpoint_delete(CheckpointDeleteRequest request);

  // Owner: takes over what is below the root, before the first call.
  struct Adopted {
    size_t containers = 0;
    size_t broken = 0;  // what could not be read: left where it is
  };
  [[nodiscard]] Result<Adopted> adopt();

  // Owner: what is looked after, and what waits until others have been started.
  struct Load {
    size_t containers = 0;
    size_t execs = 0;
    size_t waiting_containers = 0;
    size_t waiting_execs = 0;
  };
  [[nodiscard]] Load load() const;

 private:
  std::shared_ptr<Core> core_;  // shared with what is still suspended in the loop
};

}  // namespace chock::supervisor
