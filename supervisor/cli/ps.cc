// SPDX-License-Identifier: Apache-2.0
// `chock ps`: every process inside a container.
#include <algorithm>
#include <memory>

#include "common/sys/state_dir.h"
#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/table.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

constexpr size_t kCommandLimit = 1UL << 20U;

std::string read_file(pid_t pid, const char* name) {
  const Result<sys::StateDir> dir = sys::StateDir::open("/proc/" + std::to_string(pid));
  const Result<std::optional<std::string>> text =
      dir ? dir->read_file(name, kCommandLimit) : std::optional<std::string>();
  return text ? text->value_or("") : "";
}

// The arguments, or in brackets the name of a process that has none (proc(5): a zombie).
std::string command_of(pid_t pid) {
  std::string command = read_file(pid, "cmdline");
  if (command.empty()) {
    const std::string name = read_file(pid, "comm");
    return name.empty() ? "-" : "[" + name.substr(0, name.rfind('\n')) + "]";
  }
  command.erase(command.find_last_not_of('\0') + 1);
  std::ranges::replace(command, '\0', ' ');
  return command;
}

std::string describe_processes(const state::Json& answer) {
  Table table({{"PID", Table::Align::Right}, {"COMMAND"}});
  state::JsonReader reader(answer, "answer");
  for (const pid_t pid : reader.integers<pid_t>("pids")) {
    table.add_row({{std::to_string(pid)}, {command_of(pid)}});
  }
  return table.format(colours_of_stdout());
}

Action declare_ps(Options& options) {
  const auto request = std::make_shared<PsRequest>();
  declare_container(options, *request);
  return [request](const GlobalOptions& globals) {
    return carry_out(globals, {"ps", format_request(*request)}, describe_processes);
  };
}

}  // namespace

const Verb kPs{.name = "ps",
               .words = "ID",
               .summary = "List all processes inside a container",
               .example = "chock ps web1",
               .declare = declare_ps};

}  // namespace chock::supervisor::cli
