// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/session.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <asio/experimental/awaitable_operators.hpp>

#include "common/sys/signals.h"
#include "supervisor/cli/attached_stdio.h"
#include "supervisor/cli/backend.h"
#include "supervisor/cli/loop.h"
#include "supervisor/cli/report.h"
#include "supervisor/co_try.h"
#include "supervisor/first_of.h"
#include "supervisor/task_json.h"
#include "supervisor/terminal.h"

namespace chock::supervisor::cli {
namespace {

using asio::experimental::awaitable_operators::operator&&;
using asio::experimental::awaitable_operators::operator||;
using state::Json;

class Session {
 public:
  Session(Backend& backend, SessionPlan plan, const sys::SignalFd& signals)
      : backend_(backend), plan_(std::move(plan)), signals_(signals) {}

  [[nodiscard]] Awaitable<int> run();

 private:
  [[nodiscard]] Awaitable<Result<uint32_t>> live();
  [[nodiscard]] Awaitable<Result<void>> begin();
  void on_prepared(const StartAnswer& process);
  [[nodiscard]] Awaitable<void> set_up_terminal();
  [[nodiscard]] Awaitable<Result<uint32_t>> see_end();
  [[nodiscard]] Awaitable<void> show_output();
  [[nodiscard]] Awaitable<void> feed_input();
  [[nodiscard]] Awaitable<void> take_signals();
  [[nodiscard]] Awaitable<void> take_signal(int number);
  [[nodiscard]] Awaitable<void> send_size();
  void report_lost_output() const;
  [[nodiscard]] int exit_code(const Result<uint32_t>& status) const;

  Backend& backend_;
  SessionPlan plan_;
  const sys::SignalFd& signals_;
  Latch canceled_;                // the launch is not wanted any more
  std::optional<int> interrupt_;  // the signal that came before there was a process
  std::optional<Error> failure_;  // why our streams could not be connected
  std::optional<StartAnswer> process_;
  std::optional<AttachedStdio> stdio_;
  std::optional<RawMode> raw_;
  Latch left_;  // the user has detached
};

Awaitable<int> Session::run() {
  // Signals never end the session by themselves, so no operation is cancelled in the middle.
  const auto first = co_await (live() || take_signals());
  raw_.reset();  // before anything is said
  report_lost_output();
  co_return exit_code(std::get<0>(first));
}

Awaitable<Result<uint32_t>> Session::live() {
  CO_TRY(co_await backend_.expect_end(plan_.id));
  CO_TRY(co_await begin());
  co_await set_up_terminal();
  if (interrupt_) {
    co_await take_signal(*interrupt_);  // it came too late to prevent the process
  }
  const auto ended = co_await ((see_end() && show_output()) || feed_input());
  co_return std::get<0>(ended);
}

Awaitable<Result<void>> Session::begin() {
  Caller caller{.gone = &canceled_, .prepared = {}};
  if (plan_.streams) {
    caller.prepared = [this](const StartAnswer& process) { on_prepared(process); };
  }
  const Result<Json> answer = co_await backend_.call(plan_.method, plan_.params, std::move(caller));
  if (!answer) {
    const bool ours = failure_ && answer.error().code == ECANCELED;
    co_return std::unexpected(ours ? *failure_ : answer.error());
  }
  process_ = parse_start_answer(*answer);
  if (!stdio_ && plan_.method == "attach") {
    on_prepared(*process_);
  }
  if (failure_) {
    co_return std::unexpected(*failure_);
  }
  if (stdio_) {
    stdio_->on_launched();
  }
  co_return Result<void>();
}

void Session::on_prepared(const StartAnswer& process) {
  Result<AttachedStdio> stdio =
      AttachedStdio::open(process.stdio, {.input = plan_.input, .error = !process.terminal});
  if (!stdio) {
    failure_ = std::move(stdio).error();
    canceled_.set();
  } else if (!stdio->connected()) {
    failure_ = Error{.operation = plan_.method,
                     .object = plan_.id,
                     .detail = "its output goes to " + process.stdio.out};
  } else {
    stdio_.emplace(*std::move(stdio));
  }
}

Awaitable<void> Session::set_up_terminal() {
  if (!process_->terminal || !stdio_ || !plan_.input || ::isatty(STDIN_FILENO) != 1) {
    co_return;
  }
  if (Result<RawMode> raw = RawMode::enter(STDIN_FILENO)) {  // refused: keys arrive line by line
    raw_.emplace(*std::move(raw));
  }
  if (plan_.method == "attach") {
    co_await send_size();  // a new process has been given it
  }
}

Awaitable<Result<uint32_t>> Session::see_end() {
  co_return co_await backend_.await_end(plan_.id, process_->process, left_);
}

Awaitable<void> Session::show_output() {
  if (stdio_) {
    co_await first_of(stdio_->copy_output(), left_.wait());
  }
}

// Completes only by being cancelled, so that an end of our stdin does not end the session.
Awaitable<void> Session::feed_input() {
  if (stdio_ && plan_.input && raw_ && plan_.detach_keys) {
    const bool detached = co_await stdio_->copy_keys(*plan_.detach_keys);
    if (detached) {
      left_.set();
      co_await readable(-1);
    }
  } else if (stdio_ && plan_.input) {
    co_await stdio_->copy_input();
  }
  // A terminal has no end of input (termios(3): VEOF is a character).
  if (stdio_ && plan_.method != "attach" && !process_->terminal) {
    stdio_->close_input();
    Json params = format_request(CloseStdinRequest{plan_.id, process_->process});
    // With no shim left to read it there is no stdin to close either.
    static_cast<void>(co_await backend_.call("close-stdin", std::move(params)));
  }
  co_await readable(-1);
}

// Never completes.
Awaitable<void> Session::take_signals() {
  while (true) {
    while (const std::optional<int> number = signals_.take_next()) {
      co_await take_signal(*number);
    }
    co_await readable(signals_.fd());
  }
}

Awaitable<void> Session::take_signal(int number) {
  if (number == SIGWINCH || number == SIGCONT) {
    if (raw_) {
      raw_->reenter();
    }
    if (process_ && process_->terminal) {
      co_await send_size();
    }
  } else if (!process_) {
    interrupt_ = number;
    canceled_.set();
  } else {
    // Gone: its exit is about to be reported.
    Json params = format_request(KillRequest{plan_.id, process_->process, number});
    static_cast<void>(co_await backend_.call("kill", std::move(params)));
  }
}

Awaitable<void> Session::send_size() {
  if (const std::optional<WindowSize> size = window_size(STDIN_FILENO)) {
    Json params =
        format_request(ResizeRequest{plan_.id, process_->process, size->columns, size->rows});
    static_cast<void>(co_await backend_.call("resize", std::move(params)));  // gone: no matter
  }
}

// The status that counts is the process's all the same.
void Session::report_lost_output() const {
  if (!stdio_) {
    return;
  }
  for (const Error& error : stdio_->lost_output()) {
    report_failure(error.message());
  }
}

int Session::exit_code(const Result<uint32_t>& status) const {
  if (left_.is_set()) {
    return 0;
  }
  if (status) {
    return static_cast<int>(*status);
  }
  const Error& error = status.error();
  const int code = plan_.method == "attach" ? refuse(error) : refuse_launch(error);
  return error.code == ECANCELED && interrupt_ ? exit_code_of_signal(*interrupt_) : code;
}

Launches launches_of(const std::string& method) {
  if (method == "start") {
    return Launches::Container;
  }
  return method == "exec" ? Launches::Process : Launches::Nothing;
}

Awaitable<int> hold(asio::any_io_executor executor, const GlobalOptions& globals, SessionPlan plan,
                    const sys::SignalFd& signals) {
  // Whoever attaches looks on; whoever starts something sees it through.
  const auto life = plan.method == "attach" ? Settings::Life::OneShot : Settings::Life::Owner;
  const Backend::Purpose purpose{plan.method, plan.id, launches_of(plan.method), life};
  Result<Backend> backend = Backend::open(executor, globals, purpose);
  if (!backend) {
    co_return refuse(backend.error());
  }
  Session session(*backend, std::move(plan), signals);
  co_return co_await session.run();
}

}  // namespace

int hold_session(const GlobalOptions& globals, SessionPlan plan) {
  if (globals.json) {
    return refuse({.operation = plan.method,
                   .object = plan.id,
                   .detail = "--json: what is printed is the container's own output"});
  }
  const sys::BlockedSignals blocked{SIGINT,  SIGTERM, SIGHUP,   SIGQUIT,
                                    SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};
  const Result<sys::SignalFd> signals = sys::SignalFd::make(blocked);
  if (!signals) {
    return refuse(signals.error());
  }
  return run_loop([&](const asio::any_io_executor& executor) {
    return hold(executor, globals, std::move(plan), *signals);
  });
}

}  // namespace chock::supervisor::cli
