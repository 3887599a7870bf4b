// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/container_table.h"

namespace chock::supervisor::cli {
namespace {

using state::Json;
using state::JsonReader;

// A process as the answers have it; init's own are what a container is known by.
struct Process {
  std::string id;
  std::string status;  // "stopped (137)"
  std::string command;
  std::string pid = "-";
};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

Process read_process(JsonReader& reader) {
  Process process{.id = reader.string("process"), .status = reader.string("status")};
  if (reader.has("exitStatus")) {
    process.status += " (" + std::to_string(reader.integer<uint32_t>("exitStatus")) + ")";
  }
  if (reader.has("pid")) {
    process.pid = std::to_string(reader.integer<pid_t>("pid"));
  }
  reader.object("spec", [&](JsonReader& spec) { process.command = join(spec.strings("args")); });
  return process;
}

std::vector<Process> read_processes(JsonReader& reader) {
  std::vector<Process> processes;
  reader.objects("processes", [&](JsonReader& in) { processes.push_back(read_process(in)); });
  return processes;
}

}  // namespace

Style style_of(const std::string& status) {
  if (status.starts_with("running")) {
    return Style::Good;
  }
  if (status.starts_with("broken")) {
    return Style::Bad;
  }
  return status.starts_with("stopped") ? Style::Faint : Style::Warning;
}

std::string describe_container(const Json& container) {
  JsonReader reader(container, "answer");
  Table about({{"ID"}, {reader.string("id")}});
  const auto add = [&about](const std::string& title, const std::string& text, Style style) {
    if (!text.empty()) {
      about.add_row({{title, Style::Strong}, {text, style}});
    }
  };
  const std::string status = reader.string("status");
  add("STATUS", status, style_of(status));
  add("REASON", reader.string("reason"), Style::Plain);
  add("BUNDLE", reader.string("bundle"), Style::Plain);
  add("RUNTIME", join({reader.string("runtime"), join(reader.strings("runtimeArgs"))}),
      Style::Plain);
  add("LABELS", join(reader.strings("labels")), Style::Plain);
  add("DIRECTORY", reader.string("directory"), Style::Plain);
  Table table({{"PROCESS"}, {"STATUS"}, {"PID", Table::Align::Right}, {"COMMAND"}});
  for (const Process& process : read_processes(reader)) {
    table.add_row({{process.id},
                   {process.status, style_of(process.status)},
                   {process.pid},
                   {process.command}});
  }
  const Colours colours = colours_of_stdout();
  return about.format(colours) + "\n" + table.format(colours);
}

std::string describe_list(const Json& answer) {
  Table table({{"ID"},
               {"STATUS"},
               {"PID", Table::Align::Right},
               {"PROCESSES", Table::Align::Right},
               {"RUNTIME"},
               {"BUNDLE"}});
  JsonReader reader(answer, "answer");
  reader.objects("containers", [&table](JsonReader& container) {
    const std::vector<Process> processes = read_processes(container);
    // The init says more than the container: its exit status.
    const bool running = processes.empty() || !processes.front().status.starts_with("stopped");
    const std::string status = running ? container.string("status") : processes.front().status;
    table.add_row({{container.string("id")},
                   {status, style_of(status)},
                   {processes.empty() ? "-" : processes.front().pid},
                   {std::to_string(processes.size())},
                   {container.string("runtime")},
                   {container.string("bundle")}});
  });
  return table.format(colours_of_stdout());
}

}  // namespace chock::supervisor::cli
