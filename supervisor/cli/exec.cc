// SPDX-License-Identifier: Apache-2.0
// `chock exec`: another process in a running container.
#include <unistd.h>

#include <memory>

#include "supervisor/cli/exec_options.h"
#include "supervisor/cli/operation.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/session.h"
#include "supervisor/cli/start_options.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"
#include "supervisor/terminal.h"

namespace chock::supervisor::cli {
namespace {

struct ExecOptions {
  std::string id, process_id;
  std::vector<std::string> words;
  bool detach = false, interactive = false, terminal = false, no_new_privileges = false;
  std::vector<std::string> env, capabilities;
  std::string user, cwd, process_file, log;
  int64_t start_timeout = 30;  // seconds
  std::string detach_keys = kDetachKeys;
};

std::optional<state::ConsoleSize> own_size() {
  const std::optional<WindowSize> size = window_size(STDIN_FILENO);
  return size ? std::optional(state::ConsoleSize{.height = size->rows, .width = size->columns})
              : std::nullopt;
}

Result<void> add_changes(ExecRequest& request, const ExecOptions& options) {
  request.args = options.words;
  request.env = TRY(parse_environment(options.env));
  request.cwd = options.cwd;
  if (!options.user.empty()) {
    request.user = TRY(parse_user(options.user));
  }
  for (const std::string& capability : options.capabilities) {
    request.capabilities.push_back(TRY(parse_capability(capability)));
  }
  request.no_new_privileges = options.no_new_privileges;
  return {};
}

// A file has all of it; only where its terminal is shown is for us to say.
Result<void> add_spec(ExecRequest& request, const ExecOptions& options) {
  TRY(add_changes(request, options));
  request.spec = TRY(read_process_file(options.process_file));
  request.spec->terminal = request.spec->terminal || options.terminal;
  if (request.spec->terminal && !options.detach) {
    request.spec->console_size = own_size();
  }
  return {};
}

Result<ExecRequest> make_request(const ExecOptions& options) {
  ExecRequest request{.id = options.id, .process = options.process_id};
  request.stdio.log = TRY(absolute_or_empty(options.log));
  request.stdio.fifos = !options.detach && request.stdio.log.empty();
  request.timeout = std::chrono::seconds(options.start_timeout);
  if (!options.process_file.empty()) {
    TRY(add_spec(request, options));
    return request;
  }
  TRY(add_changes(request, options));
  request.terminal = options.terminal;
  if (options.terminal && !options.detach) {
    request.console_size = own_size();
  }
  return request;
}

int exec(const ExecOptions& options, const GlobalOptions& globals) {
  const Result<ExecRequest> request = make_request(options);
  if (!request) {
    return refuse(request.error());
  }
  if (options.detach) {
    return launch(globals, {"exec", format_request(*request)}, [](const state::Json& answer) {
      return parse_start_answer(answer).process + "\n";
    });
  }
  const Result<DetachKeys> keys = DetachKeys::parse(options.detach_keys);
  if (!keys) {
    return refuse(keys.error());
  }
  return hold_session(globals, {.method = "exec",
                                .params = format_request(*request),
                                .id = request->id,
                                .streams = request->stdio.fifos,
                                .input = options.interactive,
                                .detach_keys = *keys});
}

void declare_process(Options& options, ExecOptions& values) {
  options.texts("-e,--env", values.env, "NAME[=VALUE]", "Environment variable, added");
  options.text("-u,--user", values.user, "UID[:GID]", "User (the bundle's)");
  options.text("--cwd", values.cwd, "DIR", "Working directory (the bundle's)");
  options.texts("--cap", values.capabilities, "NAME", "Capability, added");
  options.flag("--no-new-privs", values.no_new_privileges, "Set no_new_privs");
  options.text("--process", values.process_file, "FILE",
               "The whole OCI process object, in place of these and CMD");
}

Action declare_exec(Options& options) {
  const auto values = std::make_shared<ExecOptions>();
  options.flag("-d,--detach", values->detach, "Print the process's id and leave it running");
  options.flag("-i,--interactive", values->interactive, "Our stdin is the process's");
  options.flag("-t,--tty", values->terminal, "With a terminal");
  declare_process(options, *values);
  options.text("--exec-id", values->process_id, "E", "Id of the new process (exec-N)");
  options.text("--log", values->log, "FILE", "Append stdout and stderr to a file");
  options.number("--start-timeout", values->start_timeout, {1, kLongestTimeout}, "SECONDS",
                 "How long to wait for the process");
  options.text("--detach-keys", values->detach_keys, "KEYS",
               "Keys that leave a terminal's process running");
  options.word("ID", values->id, "Container id");
  options.rest(values->words);
  return [values](const GlobalOptions& globals) { return exec(*values, globals); };
}

}  // namespace

const Verb kExec{.name = "exec",
                 .words = "ID CMD [ARG...]",
                 .summary = "Run another process in a container",
                 .example = "chock exec -i -t web1 /bin/sh",
                 .declare = declare_exec};

}  // namespace chock::supervisor::cli
