// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/operation.h"

#include <errno.h>
#include <signal.h>

#include <asio/experimental/awaitable_operators.hpp>

#include "common/sys/signals.h"
#include "supervisor/cli/backend.h"
#include "supervisor/cli/loop.h"
#include "supervisor/cli/report.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

using asio::experimental::awaitable_operators::operator||;
using state::Json;

int show_answer(const GlobalOptions& globals, const Json& answer, const Show& show) {
  if (globals.json) {
    return print(state::format_json(answer) + "\n");
  }
  const std::string text = show ? show(answer) : std::string();
  return text.empty() ? 0 : print(text);
}

Backend::Purpose purpose_of(const Operation& operation, Launches launches) {
  state::JsonReader reader(operation.params, operation.method);
  return {.operation = operation.method, .id = reader.string("id"), .launches = launches};
}

Awaitable<int> carry_out_in(asio::any_io_executor executor, const GlobalOptions& globals,
                            Operation operation, const Show& show) {
  const Backend::Purpose purpose = purpose_of(operation, Launches::Nothing);
  Result<Backend> backend = Backend::open(executor, globals, purpose);
  if (!backend && operation.method == "list" && backend.error().code == ESRCH) {
    co_return show_answer(globals, format_answer(ListAnswer{}), show);  // there is nothing to list
  }
  if (!backend) {
    co_return refuse(backend.error());
  }
  const Result<Json> answer =
      co_await backend->call(std::move(operation.method), std::move(operation.params));
  co_return answer ? show_answer(globals, *answer, show) : refuse(answer.error());
}

// Never completes: only the launch itself ends it.
Awaitable<void> cancel_on_signal(const sys::SignalFd& signals, Latch& gone,
                                 std::optional<int>& number) {
  while (true) {
    co_await readable(signals.fd());
    number = signals.take_next();
    if (number) {
      gone.set();
    }
  }
}

Awaitable<int> launch_in(asio::any_io_executor executor, const GlobalOptions& globals,
                         Operation operation, const sys::SignalFd& signals, const Show& show) {
  const std::string method = operation.method;
  const std::string called = operation.verb != nullptr ? operation.verb : method;
  const Launches launches = operation.method == "start" ? Launches::Container : Launches::Process;
  Result<Backend> backend = Backend::open(executor, globals, purpose_of(operation, launches));
  if (!backend) {
    co_return refuse(backend.error());
  }
  Latch gone;
  std::optional<int> number;
  Caller caller{.gone = &gone, .prepared = {}};
  const auto first = co_await (
      backend->call(std::move(operation.method), std::move(operation.params), std::move(caller)) ||
      cancel_on_signal(signals, gone, number));
  const Result<Json>& answer = std::get<0>(first);
  if (answer) {
    co_return show_answer(globals, *answer, show);
  }
  Error error = answer.error();
  if (error.operation == method) {
    error.operation = called;
  }
  const int code = refuse_launch(error);
  const bool canceled = error.code == ECANCELED;
  co_return canceled&& number ? exit_code_of_signal(*number) : code;
}

}  // namespace

int carry_out(const GlobalOptions& globals, Operation operation, const Show& show) {
  return run_loop([&](const asio::any_io_executor& executor) {
    return carry_out_in(executor, globals, std::move(operation), show);
  });
}

int launch(const GlobalOptions& globals, Operation operation, const Show& show) {
  const sys::BlockedSignals blocked{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  const Result<sys::SignalFd> signals = sys::SignalFd::make(blocked);
  if (!signals) {
    return refuse(signals.error());
  }
  return run_loop([&](const asio::any_io_executor& executor) {
    return launch_in(executor, globals, std::move(operation), *signals, show);
  });
}

}  // namespace chock::supervisor::cli
