// SPDX-License-Identifier: Apache-2.0
#include "shim/shim.h"

#include <errno.h>
#include <signal.h>

#include <utility>

#include "common/runtime/answer.h"
#include "common/state/layout.h"
#include "common/sys/atomic_file.h"
#include "common/sys/memory.h"
#include "shim/sandbox.h"

namespace chock::shim {
namespace {

namespace layout = state::layout;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The runtime has connected long before it returns; this only bounds one that never does (D4).
constexpr seconds kConsoleBudget{5};
// `kill --all` and `delete` take milliseconds; a hung runtime must not hide an exit for ever
//
constexpr seconds kCallBudget{30};
// What `start` does after it has let the process go on takes less than a millisecond. Nobody says
// that it will ever get to do it.
constexpr seconds kStartBudget{10};
// What a process gets to end by itself after we were told to end, and its reader to read.
constexpr seconds kGrace{10};
// What SIGKILL may take. It is much, so that only what is frozen is taken for that.
constexpr seconds kDeathGrace{2};

}  // namespace

Shim::Shim(sys::EventLoop& loop, const sys::StateDir& dir, ShimLog& log, Job job, Fixtures fixtures)
    : loop_(loop),
      dir_(dir),
      log_(log),
      job_(std::move(job)),
      fixtures_(std::move(fixtures)),
      traits_(job_.traits()),
      control_(
          std::move(fixtures_.control),
          [this](const state::ControlMessage& message) { on_control(message); },
          [this](const Error& error) { log_.warn(error, "control"); }),
      deadline_(loop, [this] { on_deadline(); }),
      glance_(loop,
              [this] {
                if (opening_) {
                  look_for_readers();
                }
              }),
      streams_(loop, {[this] {
                        facts_.drained = true;
                        post(Event::Drained);
                      },
                      [this](const Error& error) { log_.warn(error, "relay"); }}),
      runtime_(job_, dir_, std::move(fixtures_.runtime)) {
  facts_.console_missing = job_.terminal();
}

void Shim::begin() {
  if (const Result<void> opened = open_stdio(); !opened) {
    fail(opened.error());
  } else if (!opening_->waiting()) {
    post(Event::StdioOpened);
  }
}

void Shim::post(Event event) {
  const Phase next = next_phase(phase_, event, traits_, facts_);
  if (next != phase_) {
    phase_ = next;
    enter(next);
  }
}

void Shim::enter(Phase phase) {
  deadline_.cancel();
  switch (phase) {
    case Phase::Opening:
      break;
    case Phase::Launching:
      if (const Result<void> launched = launch(); !launched) {
        fail(launched.error());
      }
      break;
    case Phase::AwaitingConsole:
      set_deadline(kConsoleBudget);
      break;
    case Phase::Running:
      start_running();
      break;
    case Phase::Killing:
      bound_call(runtime_.kill_all());
      break;
    case Phase::Draining:
      if (terminating_) {
        set_deadline(kGrace);
      }
      break;
    case Phase::AwaitingStart:
      record_drained();
      await_start();
      break;
    case Phase::Deleting:
      bound_call(runtime_.remove());
      break;
    case Phase::Undoing:
      undo();
      break;
    case Phase::Ended:
      end();
      break;
  }
}

// The record comes first: the supervisor reads the log when `exit` hangs up (D23).
void Shim::fail(const Error& error) {
  log_.error(error, name_of(phase_));
  exit_code_ = kFailure;
  post(Event::Failed);
}

// The same while the runtime may be running: then its end is what moves us on.
void Shim::abort_launch(const Error& error) {
  if (!runtime_.running()) {
    fail(error);
    return;
  }
  log_.error(error, name_of(phase_));
  exit_code_ = kFailure;
  runtime_.stop();
}

void Shim::end() {
  if (process_) {
    // Of a launch that has failed, and nobody will hear of it again.
    process_->signal(SIGKILL);
  }
  record_drained();
  loop_.stop(exit_code_);
}

// --- Running and after

void Shim::start_running() {
  console_.reset();
  if (const Result<void> published = publish_pid(); !published) {
    fail(published.error());
    return;
  }
  if (const Result<void> watched = process_->start(); !watched) {
    log_.warn(watched.error(), name_of(phase_));
  }
  sys::release_unused_memory();  // what parsing has used would be ours for the container's life
  give_up_privileges();
  on_child_news();  // it may have ended while nothing was waited for
}

// A process that runs is worth more than the sandbox around its shim, so this is survived.
void Shim::give_up_privileges() {
  const bool runtime_calls_left = traits_.kill_all || traits_.remove;
  const Result<void> confined = runtime_calls_left ? hide_memory() : enter_sandbox();
  if (!confined) {
    log_.warn(confined.error(), "sandbox");
  }
}

Result<void> Shim::publish_pid() {
  TRY(sys::write_file(dir_, layout::kPid, std::to_string(process_->pid())));
  // Somebody may have read `pid` by now, so nothing may fail any more; a file left over harms
  // nobody.
  static_cast<void>(dir_.remove_file(layout::kRuntimePid));
  return {};
}

void Shim::on_process_exit(const sys::Reaped& process) {
  process_.reset();
  if (phase_ == Phase::AwaitingConsole) {
    fail(Error{0, "receive console", job_.runtime.name, "the process ended before it arrived"});
    return;
  }
  if (phase_ == Phase::Undoing && !runtime_.running()) {
    bound_call(runtime_.remove());  // see undo()
  }
  if (phase_ != Phase::Running) {
    return;  // a launch that is being undone has no exit to report
  }
  if (const Result<void> recorded = exit_files_->record_status(process.status); !recorded) {
    log_.error(recorded.error(), "record exit");
    exit_code_ = kFailure;
  }
  if (const Result<void> recorded = exit_files_->record_exit(process); !recorded) {
    log_.warn(recorded.error(), "record exit");
  }
  streams_.accept_terminal_end();
  post(Event::ProcessExited);
}

void Shim::record_drained() {
  if (const Result<void> closed = streams_.close_outputs(); !closed) {
    log_.warn(closed.error(), "relay");
  }
  const Result<void> recorded =
      exit_files_ ? exit_files_->record_drained(streams_) : Result<void>();
  if (!recorded) {
    log_.warn(recorded.error(), "record exit");
  }
}

void Shim::await_start() {
  if (!start_gate_ || !start_gate_->start_under_way()) {
    post(Event::StartFinished);
    return;
  }
  Result<void> watched = start_gate_->watch();
  if (watched) {
    Result<sys::Watch> watch = loop_.watch(start_gate_->fd(), EPOLLIN, sys::Order::Control,
                                           [this](uint32_t) { look_at_start(); });
    start_watch_ = watch ? *std::move(watch) : sys::Watch();
  }
  if (!start_watch_.active()) {
    post(Event::StartFinished);  // as if there were no gate: rarely wrong, and never lasting
    return;
  }
  set_deadline(kStartBudget);
  look_at_start();  // it may have finished before we watched
}

void Shim::look_at_start() {
  start_gate_->drain();
  if (!start_gate_->start_under_way()) {
    start_watch_.reset();
    post(Event::StartFinished);
  }
}

// --- Runtime calls

void Shim::bound_call(const Result<void>& started) {
  if (!started) {
    log_.warn(started.error(), name_of(phase_));
    post(Event::CallFinished);
    return;
  }
  set_deadline(kCallBudget);
}

// Only what this launch has made is taken away: an id that is taken belongs to a container that
// must survive our failure (D6). A runtime that has announced no process may have failed, or been
// killed, before it looked whether the id was free; then it is asked what there is.
void Shim::undo() {
  const std::optional<std::string> reason = runtime_.logged_error();
  if (!runtime_.launched() || (reason && runtime::says_id_taken(*reason))) {
    post(Event::CallFinished);
    return;
  }
  if (!runtime_.announced()) {
    asking_ = true;
    bound_call(runtime_.query_state());
    return;
  }
  if (!process_ || !process_->start()) {
    bound_call(runtime_.remove());
    return;
  }
  // What was restored runs already, and only the dead are deleted: on_process_exit() goes on.
  process_->signal(SIGKILL);
  set_deadline(kCallBudget);
  on_child_news();  // it may have been dead before
}

void Shim::finish_call(const sys::ExitStatus& status) {
  runtime_.forget();
  if (std::exchange(asking_, false) && !runtime_.may_be_foreign(status)) {
    bound_call(runtime_.remove());
    return;
  }
  post(Event::CallFinished);
}

// Only a frozen process outlives SIGKILL, and not for longer than it is frozen (R-58; of a version
// 2 control group, not even that).
void Shim::end_process() {
  if (!std::exchange(killed_, true)) {
    process_->signal(SIGKILL);
    set_deadline(kDeathGrace);
    return;
  }
  log_.warn(Error{ETIMEDOUT, "kill", job_.id, "it may be frozen"}, name_of(phase_));
  if (!traits_.kill_all && !traits_.remove) {
    return;  // the sandbox has no runtime to call
  }
  if (const Result<void> resumed = runtime_.resume(); !resumed) {
    log_.warn(resumed.error(), name_of(phase_));
  }
}

// --- Events

void Shim::on_signals() {
  while (const std::optional<int> number = fixtures_.signals.take_next()) {
    if (*number == SIGCHLD) {
      on_child_news();
    } else if (*number == SIGTERM) {
      on_terminate();
    }
    // All others are swallowed, as the contract's original does.
  }
}

// While the runtime launches, only the runtime is waited for: another child that has ended may be
// the very process whose pid we are about to learn. From then on everybody is, at all times.
void Shim::on_child_news() {
  if (phase_ == Phase::Launching) {
    if (const std::optional<sys::ExitStatus> status = runtime_.reap()) {
      on_runtime_exit(*status);
    }
    return;
  }
  if (phase_ == Phase::AwaitingConsole) {
    console_->look(loop_);  // a process that ends at once may be seen before its terminal is
  }
  while (const std::optional<sys::Reaped> child = sys::reap_any()) {
    if (process_ && child->pid == process_->pid()) {
      on_process_exit(*child);
    } else if (runtime_.is(child->pid)) {
      finish_call(child->status);
    }
  }
}

// The grace runs from the first: who repeats himself gets no more of it.
void Shim::on_terminate() {
  const bool again = std::exchange(terminating_, true);
  switch (phase_) {
    case Phase::Opening:
    case Phase::AwaitingConsole:
    case Phase::Launching:
      abort_launch(Error{0, "launch", job_.id, "terminated by a signal"});
      break;
    case Phase::Running:
      process_->signal(SIGTERM);
      [[fallthrough]];
    case Phase::Draining:
      if (!again) {
        set_deadline(kGrace);
      }
      break;
    case Phase::Killing:
    case Phase::AwaitingStart:
    case Phase::Deleting:
    case Phase::Undoing:
    case Phase::Ended:
      break;  // bounded already
  }
}

void Shim::on_control(const state::ControlMessage& message) {
  switch (message.type) {
    case state::ControlMessage::Type::CloseStdin:
      streams_.close_stdin();
      break;
    case state::ControlMessage::Type::Resize:
      streams_.resize(message);
      break;
  }
}

void Shim::set_deadline(milliseconds delay) {
  if (const Result<void> set = deadline_.set(delay); !set) {
    log_.warn(set.error(), name_of(phase_));  // without its bound, but not without its purpose
  }
}

void Shim::on_deadline() {
  switch (phase_) {
    case Phase::Opening:
      fail(opening_->timeout_error());
      break;
    case Phase::AwaitingConsole:
      fail(Error{0, "receive console", job_.runtime.name, "it never connected"});
      break;
    case Phase::Running:
      end_process();
      break;
    case Phase::Killing:
    case Phase::Deleting:
    case Phase::Undoing:
      log_.warn(Error{ETIMEDOUT, "run", job_.runtime.name, {}}, name_of(phase_));
      runtime_.stop();
      asking_ = false;  // without an answer nothing is deleted
      finish_call({});  // its zombie, when it comes, is swept with the others
      break;
    case Phase::Draining:
      log_.warn(Error{ETIMEDOUT, "deliver output", {}, {}}, name_of(phase_));
      streams_.abandon();
      break;
    case Phase::AwaitingStart:
      post(Event::StartFinished);
      break;
    case Phase::Launching:
    case Phase::Ended:
      break;
  }
}

}  // namespace chock::shim
