// SPDX-License-Identifier: Apache-2.0
// Serving is everything that a server of one state root does, whatever its clients speak: it holds
// the root's lock, keeps the event log, owns the containers and runs the loop. `chock serve` and
// chock-containerd are front ends on it.
//
// It stops without touching the containers: their shims go on, and the next server adopts them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "common/result.h"
#include "common/sys/signals.h"
#include "common/sys/state_dir.h"
#include "supervisor/event_log.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"
#include "supervisor/log.h"
#include "supervisor/metrics.h"
#include "supervisor/metrics_endpoint.h"
#include "supervisor/observer.h"
#include "supervisor/root_lock.h"
#include "supervisor/service_manager.h"
#include "supervisor/supervisor.h"

namespace chock::supervisor {

struct ServingSettings {
  runtime::Runtime runtime;
  std::string shim;  // absolute
  std::chrono::milliseconds start_timeout = std::chrono::seconds(30);
  size_t concurrent_starts = 10;
  size_t retained_events = 500;  // see EventLog::open
  std::string metrics_address;   // see MetricsEndpoint::listen; empty: none
};

class Serving {
 public:
  // Serves the clients of one protocol until `stop` is set, then lets go of them, and completes.
  using FrontEnd = std::function<Awaitable<void>(Latch& stop)>;

  // Takes the root's lock; the Error of a second server says who has it. SIGTERM, SIGINT and SIGHUP
  // are blocked from here on, so this comes before any thread. No container is touched yet, and no
  // file of another daemon's.
  [[nodiscard]] static Result<std::unique_ptr<Serving>> open(sys::StateDir root,
                                                             ServingSettings settings, Log log);
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;
  Serving(Serving&&) = delete;
  Serving& operator=(Serving&&) = delete;
  ~Serving() = default;

  // Before run().
  void add_front_end(FrontEnd front_end) { front_ends_.push_back(std::move(front_end)); }

  // Adopts what is below the root, then runs the loop, front ends and all, until one of those
  // signals comes and every front end has completed. A second signal does not wait for that.
  // `socket`: where clients of the command line find us; empty: they cannot.
  [[nodiscard]] Result<void> run(const std::string& socket);

  // For front ends. Only from the loop; other threads hand their work to executor().
  [[nodiscard]] asio::any_io_executor executor() { return loop_.get_executor(); }
  [[nodiscard]] Supervisor& supervisor() { return supervisor_; }
  [[nodiscard]] EventLog& events() { return events_; }
  [[nodiscard]] const std::function<void(const Note&)>& note() const { return note_; }

 private:
  Serving(std::unique_ptr<const sys::StateDir> root, sys::StateDir supervised, RootLock lock,
          EventLog events, ServingSettings settings, Log log);
  [[nodiscard]] Observer make_observer();
  void record(const state::EventRecord& event);
  [[nodiscard]] Result<void> open_metrics(const std::string& address);
  [[nodiscard]] Result<void> adopt();
  [[nodiscard]] Awaitable<void> run_front_ends();
  [[nodiscard]] Awaitable<void> await_signals(const sys::SignalFd& signals);

  sys::BlockedSignals blocked_{SIGTERM, SIGINT, SIGHUP};
  ServiceManager service_manager_ = ServiceManager::take_from_environment();
  std::unique_ptr<const sys::StateDir> root_;  // does not move: events_ refers to it
  RootLock lock_;
  Log log_;
  std::function<void(const Note&)> note_ = [this](const Note& note) { log_.write(note); };
  EventLog events_;
  bool recorded_ = true;  // events.log has all that events_ has
  Metrics metrics_;
  std::optional<MetricsEndpoint> metrics_endpoint_;
  std::vector<FrontEnd> front_ends_;
  Latch stop_;
  // What is suspended in it refers to what is above, and goes after the supervisor.
  asio::io_context loop_{1};
  Supervisor supervisor_;
};

}  // namespace chock::supervisor
