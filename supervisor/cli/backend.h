// SPDX-License-Identifier: Apache-2.0
// Backend is who carries the command line's operations out: the server that looks after the state
// root if there is one, else a Supervisor in this process. Verbs need not know which.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/state/json.h"
#include "common/sys/state_dir.h"
#include "supervisor/cli/verb.h"
#include "supervisor/rpc/client.h"
#include "supervisor/supervisor.h"

namespace chock::supervisor::cli {

// What an operation brings to life, and so what it needs: a process a shim, a container a state
// root and a runtime as well.
enum class Launches { Nothing, Process, Container };

// The state root that the options name. ENOENT: there is none, so nothing is in it.
[[nodiscard]] Result<sys::StateDir> open_root(const GlobalOptions& globals, Launches launches);

class Backend {
 public:
  struct Purpose {
    std::string operation;
    std::string id;  // of the container; empty: of all
    Launches launches = Launches::Nothing;
    Settings::Life life = Settings::Life::OneShot;  // of the Supervisor in this process
  };
  // Where there is no state root, and none is made, there is no such container: ESRCH.
  [[nodiscard]] static Result<Backend> open(asio::any_io_executor executor,
                                            const GlobalOptions& globals, const Purpose& purpose);

  // As Supervisor::call, but `caller.prepared` may be called while fifos already disappear again.
  [[nodiscard]] Awaitable<Result<state::Json>> call(std::string method, state::Json params,
                                                    Caller caller = {});

  // Before a process of this container is launched or joined: its end will be known, however short
  // its life. A server forgets a process that has ended.
  [[nodiscard]] Awaitable<Result<void>> expect_end(std::string id);
  // Its exit status; ECANCELED if `gone` was set first.
  [[nodiscard]] Awaitable<Result<uint32_t>> await_end(std::string id, std::string process,
                                                      Latch& gone);

 private:
  Backend(asio::any_io_executor executor, sys::StateDir root, GlobalOptions globals,
          Launches launches, Settings::Life life)
      : executor_(std::move(executor)),
        root_(std::move(root)),
        globals_(std::move(globals)),
        launches_(launches),
        life_(life) {}
  [[nodiscard]] Result<std::optional<rpc::Client>> connect();
  [[nodiscard]] Result<void> make_own();

  asio::any_io_executor executor_;
  std::optional<sys::StateDir> root_;  // nothing once `own_` has it
  GlobalOptions globals_;
  Launches launches_;
  Settings::Life life_;
  std::unique_ptr<Supervisor> own_;   // from the first call that no server was there for
  std::optional<rpc::Client> exits_;  // subscribed to the events of a container
};

}  // namespace chock::supervisor::cli
