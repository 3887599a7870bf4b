// SPDX-License-Identifier: Apache-2.0
#include "shim/runtime_call.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/runtime/answer.h"
#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/state/log_record.h"
#include "common/state/timestamp.h"
#include "common/sys/proc.h"

namespace chock::shim {
namespace {

namespace layout = state::layout;

constexpr size_t kPidLimit = 64;
constexpr off_t kCaptureLimit = 64L * 1024;
constexpr size_t kLastWords = 1024;

// As the contract's original would have put it.
Error not_a_number(const std::string& text) {
  return Error{0, "strconv.Atoi", {}, "parsing \"" + text + "\": invalid syntax"};
}

}  // namespace

RuntimeCall::RuntimeCall(const Job& job, const sys::StateDir& dir, RuntimeSurroundings surroundings)
    : job_(job), dir_(dir), surroundings_(std::move(surroundings)) {}

Result<void> RuntimeCall::launch(const std::optional<Stdio>& stdio,
                                 const std::string& console_socket) {
  sys::Command launch = command(job_.launch_arguments(console_socket));
  launch.directory = job_.bundle;
  if (launch.path.empty()) {
    return std::unexpected(Error{ENOENT, {}, {}, job_.runtime.name + " not installed on system"});
  }
  if (stdio) {
    launch.stdio = *stdio;
  } else {
    errors_.emplace(TRY(sys::Capture::make("errors", kCaptureLimit)));
    launch.stdio[STDERR_FILENO] = errors_->fd();
  }
  launched_ = state::wall_clock();
  if (Result<void> running = run(launch); !running) {
    launched_.reset();
    return running;
  }
  return {};
}

Result<void> RuntimeCall::kill_all() {
  return run(command(runtime::kill_all(job_.runtime, job_.id)));
}

Result<void> RuntimeCall::remove() { return run(command(runtime::remove(job_.runtime, job_.id))); }

Result<void> RuntimeCall::resume() { return run(command(runtime::resume(job_.runtime, job_.id))); }

Result<void> RuntimeCall::query_state() {
  sys::Command question = command(runtime::query_state(job_.runtime, job_.id));
  answer_.emplace(TRY(sys::Capture::make("state", kCaptureLimit)));
  question.stdio[STDOUT_FILENO] = answer_->fd();
  return run(question);
}

bool RuntimeCall::announced() const {
  const auto text = dir_.read_file(layout::kRuntimePid, kPidLimit);
  return text && *text;
}

bool RuntimeCall::may_be_foreign(const sys::ExitStatus& status) const {
  const std::string text = answer_ ? answer_->read().value_or("") : std::string();
  return !launched_ || runtime::may_be_foreign(status, text, job_.bundle, *launched_);
}

sys::Command RuntimeCall::command(runtime::Arguments arguments) const {
  const int null = surroundings_.null.get();
  return {.path = sys::find_executable(job_.runtime.name).value_or(""),
          .arguments = std::move(arguments),
          .stdio = {null, null, null},
          .parent_death = sys::Command::ParentDeath::DieWith,
          .oom_score_adj = surroundings_.oom_score_adj};
}

Result<void> RuntimeCall::run(const sys::Command& command) {
  process_ = TRY(sys::spawn(command));
  return {};
}

std::optional<sys::ExitStatus> RuntimeCall::reap() {
  const Result<std::optional<sys::Reaped>> reaped =
      process_ ? process_->reap() : std::optional<sys::Reaped>();
  if (!reaped || !*reaped) {
    return std::nullopt;
  }
  process_.reset();
  if ((*reaped)->status.success()) {
    errors_.reset();  // of a launch that has nothing to complain of
  }
  return (*reaped)->status;
}

void RuntimeCall::stop() {
  if (process_) {
    static_cast<void>(process_->signal(SIGKILL));  // gone already is as good
  }
}

Result<sys::Pidfd> RuntimeCall::open_launched() const {
  const std::optional<std::string> text = TRY(dir_.read_file(layout::kRuntimePid, kPidLimit));
  if (!text) {
    return system_error(ENOENT, "open", layout::kPid);
  }
  const std::optional<pid_t> pid = sys::parse_pid(*text);
  if (!pid) {
    return std::unexpected(not_a_number(*text));
  }
  // Ours by adoption if the runtime is an ordinary one, hence not reusable before we wait for it,
  // even if it has ended already.
  return sys::Pidfd::open(*pid);
}

std::optional<std::string> RuntimeCall::logged_error() const {
  const Result<std::optional<std::string>> text =
      dir_.read_file(layout::kRuntimeLog, state::kFileLimit);
  return text && *text ? first_error(state::parse_log(**text)) : std::nullopt;
}

std::string RuntimeCall::last_words() const {
  std::string text = errors_ ? errors_->read().value_or("") : std::string();
  text.erase(0, text.size() - std::min(text.size(), kLastWords));
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

}  // namespace chock::shim
