// SPDX-License-Identifier: Apache-2.0
// Shim looks after one process from before it exists until its end is on record.
//
// What it promises, in order:
//  1. shim-log.json exists before anything can fail; an error is in it before `exit` hangs up.
//  2. Nothing is created before the exit fifo and every output fifo has a reader.
//  3. Files and space for the exit record are reserved before the process exists.
//  4. `pid` appears by rename, once the runtime has succeeded and the terminal, if any, has
//  arrived.
//  5. No child is waited for before its pid is known: a zombie keeps its status for us.
//  6. When the process ends, exitStatus and exit.json appear by rename before anything else is
//  done.
//  7. Every byte of output is delivered, or known to be lost, before the shim ends.
//  8. The container is not deleted under a `start` that is not finished.
//  9. The exit fifo hangs up by the shim's own end and by nothing else.
#pragma once

#include <array>
#include <chrono>
#include <optional>

#include "common/result.h"
#include "common/sys/event_loop.h"
#include "common/sys/signals.h"
#include "common/sys/state_dir.h"
#include "shim/console_receiver.h"
#include "shim/control.h"
#include "shim/deadline.h"
#include "shim/exit_files.h"
#include "shim/job.h"
#include "shim/lifecycle.h"
#include "shim/runtime_call.h"
#include "shim/shim_log.h"
#include "shim/start_gate.h"
#include "shim/stdio_opening.h"
#include "shim/streams.h"
#include "shim/watched_process.h"

namespace chock::shim {

// The descriptors that a shim needs whatever becomes of it.
struct Fixtures {
  int exit_writer = -1;  // borrowed: it hangs up last
  sys::UniqueFd control;
  sys::SignalFd signals;
  RuntimeSurroundings runtime;
};

class Shim {
 public:
  static constexpr int kSuccess = 0;  // also if the runtime refused: it has said why itself
  static constexpr int kFailure = 1;  // an error is in the log

  Shim(sys::EventLoop& loop, const sys::StateDir& dir, ShimLog& log, Job job, Fixtures fixtures);
  Shim(const Shim&) = delete;
  Shim& operator=(const Shim&) = delete;
  Shim(Shim&&) = delete;
  Shim& operator=(Shim&&) = delete;
  ~Shim() = default;

  // Registers with the loop and begins; the loop stops with the exit code.
  void begin();

 private:
  // Moving between phases.
  void post(Event event);
  void enter(Phase phase);
  void fail(const Error& error);
  void abort_launch(const Error& error);
  void end();

  // Opening.
  [[nodiscard]] Result<void> open_stdio();
  void look_for_readers();
  void look_later();

  // Launching.
  [[nodiscard]] Result<void> launch();
  [[nodiscard]] Result<void> await_console();
  [[nodiscard]] Result<void> spawn_runtime();
  void on_console(Result<sys::UniqueFd> master);
  void on_runtime_exit(const sys::ExitStatus& status);
  void adopt(sys::Pidfd process);
  void adopt_unannounced();
  void log_runtime_failure(const sys::ExitStatus& status);

  // Running and after.
  [[nodiscard]] Result<void> publish_pid();
  void start_running();
  void give_up_privileges();
  void on_process_exit(const sys::Reaped& process);
  void record_drained();
  void await_start();
  void look_at_start();

  // Runtime calls other than the launch.
  void bound_call(const Result<void>& started);
  void undo();
  void finish_call(const sys::ExitStatus& status);
  void end_process();

  // Events.
  void on_signals();
  void on_terminate();
  void on_child_news();
  void on_control(const state::ControlMessage& message);
  void on_deadline();
  void set_deadline(std::chrono::milliseconds delay);

  sys::EventLoop& loop_;
  const sys::StateDir& dir_;
  ShimLog& log_;
  Job job_;
  Fixtures fixtures_;

  Traits traits_;
  Facts facts_;
  Phase phase_ = Phase::Opening;
  int exit_code_ = kSuccess;
  bool terminating_ = false;  // somebody wants us to come to an end
  bool killed_ = false;       // and the process has had its time for that
  bool asking_ = false;       // the runtime call under way is a question, see undo()

  Control control_;
  sys::Watch signal_watch_;
  Deadline deadline_;

  std::optional<StdioOpening> opening_;
  Deadline glance_;  // where nobody tells us of readers
  sys::Watch opening_watch_;
  Streams streams_;
  Streams::ProcessEnds process_ends_;
  std::optional<ConsoleReceiver> console_;

  std::optional<ExitFiles> exit_files_;
  RuntimeCall runtime_;
  std::optional<StartGate> start_gate_;  // if `delete` is ours to run
  sys::Watch start_watch_;
  std::optional<WatchedProcess> process_;  // what we are here for
};

}  // namespace chock::shim
