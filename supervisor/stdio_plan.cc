// SPDX-License-Identifier: Apache-2.0
#include "supervisor/stdio_plan.h"

#include <fcntl.h>

#include "common/sys/unique_fd.h"

namespace chock::supervisor {
namespace {

constexpr char kNull[] = "/dev/null";
constexpr mode_t kLogMode = 0600;

std::string path_or_null(const std::string& path) { return path.empty() ? kNull : path; }

// Only made: it is the shim that opens it, for appending.
Result<void> make_log(const std::string& path) {
  const sys::UniqueFd fd(::open(
      path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, kLogMode));
  if (!fd.valid()) {
    return system_error("open", path);
  }
  return {};
}

}  // namespace

Stdio kind_of(const StdioRequest& request) {
  return request.fifos ? Stdio::OwnFifos : Stdio::Paths;
}

Result<void> set_stdio(state::ProcessState& process, const StdioRequest& request) {
  if (!request.log.empty()) {
    TRY(make_log(request.log));
  }
  process.stdin_path = path_or_null(request.in);
  process.stdout_path = path_or_null(request.log.empty() ? request.out : request.log);
  process.stderr_path = path_or_null(request.log.empty() ? request.err : request.log);
  return {};
}

StartAnswer answer_for(const std::string& id, const std::string& process,
                       const std::string& directory, const state::ProcessState& state) {
  return {.id = id,
          .process = process,
          .directory = directory,
          .terminal = state.process.terminal,
          .stdio = {.in = state.stdin_path, .out = state.stdout_path, .err = state.stderr_path}};
}

}  // namespace chock::supervisor
