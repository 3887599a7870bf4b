// SPDX-License-Identifier: Apache-2.0
// What a Supervisor keeps in memory. The disk is the truth; this is what can be waited for: the
// turns of operations, and, for an owner, the processes whose exits it has to see to.
//
// Coroutines share it, so that it outlives whatever is still suspended in its loop.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <asio/any_io_executor.hpp>

#include "common/state/container_state.h"
#include "common/sys/cgroup.h"
#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"
#include "supervisor/gate.h"
#include "supervisor/latch.h"
#include "supervisor/oom_watch.h"
#include "supervisor/supervisor.h"

namespace chock::supervisor {

// A process that an owner watches.
struct Process {
  explicit Process(std::string process_id) : id(std::move(process_id)) {}

  std::string id;
  std::optional<sys::StateDir> dir;   // nothing while it is being launched
  sys::UniqueFd exit_fifo;            // reading end
  std::optional<sys::Pidfd> shim;     // our own child
  std::optional<sys::Pidfd> process;  // nothing: it had ended before it could be referred to
  Told told = Told::Start;            // what has been published of it
  std::chrono::steady_clock::time_point shim_ended;   // when that was noticed
  uint32_t status = sys::ExitStatus::kUnknownNumber;  // once it has ended
  Latch ended;  // its exit has been published, or it was given up before it was announced
};

struct Container {
  Container(std::string container_id, state::ContainerState container_state)
      : id(std::move(container_id)), state(std::move(container_state)) {}

  std::string id;
  state::ContainerState state;
  Gate gate{1};  // operations of the runtime that exclude each other
  // Its share of Core::execs: those of a container that is stuck must not hold up others (D60).
  static constexpr size_t kConcurrentExecs = 8;
  Gate execs{kConcurrentExecs};
  Latch init_ended;                    // no exec may begin any more
  bool lost = false;                   // the init's shim has died before it could record an exit
  std::optional<OomWatch> oom_watch;   // nothing: its memory is not watched
  std::optional<OomWatch::Limit> oom;  // the last that was told
  std::map<std::string, std::shared_ptr<Process>> processes;
};

class Core {
 public:
  Core(asio::any_io_executor loop, sys::StateDir state_root, Settings given)
      : executor(std::move(loop)),
        root(std::move(state_root)),
        settings(std::move(given)),
        starts(settings.concurrent_starts) {}

  [[nodiscard]] bool owns() const { return settings.life == Settings::Life::Owner; }
  // A server's protection (OOMScoreAdjust= of its unit) is its own. Nothing: what somebody has
  // given to a one-shot call is passed on, as a runtime would.
  [[nodiscard]] std::optional<std::string> oom_score_for_containers() const {
    return owns() ? std::optional<std::string>("0") : std::nullopt;
  }
  // Null: not watched by us.
  [[nodiscard]] std::shared_ptr<Container> find(const std::string& id) const;
  [[nodiscard]] std::shared_ptr<Process> find(const std::string& id,
                                              const std::string& process) const;

  // A process that is over. A container that is known for nothing but its execs goes with the last.
  void forget(Container& container, Process& process);

  void publish(state::EventRecord::Type type, const std::string& id,
               const std::string& process = {}, uint32_t status = 0) const;
  void measured(Measurement::Of of, std::chrono::steady_clock::time_point since) const;
  void note(Note::Level level, const std::string& id, const std::string& process,
            std::string text) const;
  // A failure that is survived.
  void note(const std::string& id, const std::string& process, const Error& error) const;

  asio::any_io_executor executor;
  sys::StateDir root;
  Settings settings;
  // Nobody mounts another hierarchy while containers run.
  sys::CgroupMounts cgroup_mounts = sys::CgroupMounts::read();
  Gate starts;
  // Each takes an inotify instance, of which a user has 128 (inotify(7), max_user_instances).
  static constexpr size_t kConcurrentExecs = 48;
  Gate execs{kConcurrentExecs};
  // Many may end at the same moment, and each end runs the runtime.
  static constexpr size_t kConcurrentEnds = 32;
  Gate ends{kConcurrentEnds};
  std::map<std::string, std::shared_ptr<Container>> containers;  // of an owner
};

// What every operation begins with. An id that names nothing is ESRCH, in the contract's words.
[[nodiscard]] Result<sys::StateDir> open_container(const Core& core, const char* operation,
                                                   const std::string& id);
[[nodiscard]] Result<sys::StateDir> open_process(const sys::StateDir& container,
                                                 const char* operation, const std::string& id,
                                                 const std::string& process);
[[nodiscard]] std::unexpected<Error> no_such_container(const char* operation,
                                                       const std::string& id);
[[nodiscard]] std::unexpected<Error> context_canceled(const char* operation, const std::string& id);

// An empty process id means init.
[[nodiscard]] std::string process_or_init(const std::string& process);

[[nodiscard]] runtime::Runtime runtime_of(const state::ContainerState& state);

}  // namespace chock::supervisor
