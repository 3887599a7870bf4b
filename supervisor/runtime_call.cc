// SPDX-License-Identifier: Apache-2.0
#include "supervisor/runtime_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "common/sys/capture.h"
#include "common/sys/command.h"
#include "supervisor/co_try.h"
#include "supervisor/first_of.h"

namespace chock::supervisor {
namespace {

constexpr off_t kOutputLimit = 1 << 20;
constexpr std::chrono::seconds kCallKillGrace{10};

Result<sys::UniqueFd> make_input(std::string_view text) {
  sys::UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
  if (!fd.valid()) {
    return system_error("make memory file", "input");
  }
  TRY(sys::write_all(fd.get(), text, "runtime input"));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) {
    return system_error("rewind", "runtime input");
  }
  return fd;
}

struct RunningCall {
  sys::UniqueFd input;
  sys::Capture output, errors;
  sys::Pidfd process;
};

Result<RunningCall> spawn_runtime(const runtime::Arguments& arguments, std::string_view input) {
  const std::optional<std::string> path = sys::find_executable(arguments.front());
  if (!path) {
    return input_error("find runtime", arguments.front(), "not installed on system");
  }
  sys::UniqueFd in = TRY(make_input(input));
  sys::Capture out = TRY(sys::Capture::make("output", kOutputLimit));
  sys::Capture err = TRY(sys::Capture::make("errors", kOutputLimit));
  const sys::Command command{.path = *path,
                             .arguments = arguments,
                             .stdio = {in.get(), out.fd(), err.fd()},
                             .group = sys::Command::Group::Own};
  sys::Pidfd process = TRY(sys::spawn(command));
  return RunningCall{std::move(in), std::move(out), std::move(err), std::move(process)};
}

Result<RuntimeAnswer> collect(const RunningCall& running) {
  RuntimeAnswer answer;
  const std::optional<sys::Reaped> reaped = TRY(running.process.reap());
  answer.status = reaped ? reaped->status : sys::ExitStatus::unknown();
  answer.output = TRY(running.output.read());
  answer.errors = TRY(running.errors.read());
  return answer;
}

// The value of msg="…" in a line of runc's text log; the line itself if it has none.
std::string message_of(std::string_view line) {
  constexpr std::string_view kKey = " msg=\"";
  const size_t key = line.find(kKey);
  if (key == std::string_view::npos) {
    return std::string(line);
  }
  std::string message;
  for (size_t i = key + kKey.size(); i < line.size() && line[i] != '"'; ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      ++i;
      message += line[i] == 'n' ? '\n' : line[i];
    } else {
      message += line[i];
    }
  }
  while (message.ends_with('\n')) {
    message.pop_back();
  }
  return message;
}

}  // namespace

Awaitable<Result<RuntimeAnswer>> call_runtime(runtime::Arguments arguments, std::string input,
                                              CallLimits limits) {
  const Result<RunningCall> running = spawn_runtime(arguments, input);
  CO_TRY(running);
  const int process = running->process.fd();
  const size_t first =
      co_await first_of(readable(process), pause_for(limits.deadline), when_set(limits.stop));
  if (first == 0) {
    co_return collect(*running);
  }
  // Hooks and helpers of the runtime are in its group, and would be left behind.
  running->process.kill_group();
  // Bounded too: a process that the kernel holds (state D) does not die of SIGKILL.
  co_await first_of(readable(process), pause_for(kCallKillGrace));
  static_cast<void>(running->process.reap());
  if (first == 2) {
    co_return std::unexpected(Error{ECANCELED, "run", arguments.front(), "context canceled"});
  }
  co_return input_error("run", arguments.front(), "killed: no answer within the deadline");
}

std::string complaint_of(std::string_view errors) {
  while (errors.ends_with('\n')) {
    errors.remove_suffix(1);
  }
  const size_t last_line = errors.rfind('\n');
  const size_t last_error = errors.rfind("level=error");
  const size_t at =
      last_error == std::string_view::npos ? last_line + 1 : errors.rfind('\n', last_error) + 1;
  const std::string_view rest = errors.substr(at);
  return message_of(rest.substr(0, rest.find('\n')));
}

Result<void> check_answer(const RuntimeAnswer& answer, std::string_view operation,
                          std::string_view id) {
  if (answer.status.success()) {
    return {};
  }
  std::string complaint = complaint_of(answer.errors);
  if (complaint.empty()) {
    complaint = "the runtime failed with status " + std::to_string(answer.status.number());
  }
  return input_error(operation, id, "oci runtime error: " + complaint);
}

bool says_gone(const RuntimeAnswer& answer) {
  return answer.errors.contains("does not exist") ||
         answer.errors.contains("No such file or directory");
}

}  // namespace chock::supervisor
