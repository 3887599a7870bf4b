// SPDX-License-Identifier: Apache-2.0
#include "supervisor/core.h"

#include <errno.h>

#include "common/state/id.h"
#include "common/state/layout.h"
#include "common/state/timestamp.h"

namespace chock::supervisor {

std::shared_ptr<Container> Core::find(const std::string& id) const {
  const auto found = containers.find(id);
  return found == containers.end() ? nullptr : found->second;
}

std::shared_ptr<Process> Core::find(const std::string& id, const std::string& process) const {
  const std::shared_ptr<Container> container = find(id);
  if (!container) {
    return nullptr;
  }
  const auto found = container->processes.find(process);
  return found == container->processes.end() ? nullptr : found->second;
}

void Core::forget(Container& container, Process& process) {
  container.processes.erase(process.id);
  if (container.processes.empty() && find(container.id).get() == &container) {
    containers.erase(container.id);
  }
  process.ended.set();
}

void Core::publish(state::EventRecord::Type type, const std::string& id, const std::string& process,
                   uint32_t status) const {
  if (settings.observer.publish) {
    settings.observer.publish({.id = id,
                               .type = type,
                               .timestamp = state::wall_clock(),
                               .process = process,
                               .status = status});
  }
}

void Core::measured(Measurement::Of of, std::chrono::steady_clock::time_point since) const {
  if (settings.observer.measured) {
    settings.observer.measured({.of = of, .took = std::chrono::steady_clock::now() - since});
  }
}

void Core::note(Note::Level level, const std::string& id, const std::string& process,
                std::string text) const {
  if (settings.observer.note) {
    settings.observer.note(
        {.level = level, .container = id, .process = process, .text = std::move(text)});
  }
}

void Core::note(const std::string& id, const std::string& process, const Error& error) const {
  note(Note::Level::Warning, id, process, error.message() + ", continuing");
}

std::unexpected<Error> no_such_container(const char* operation, const std::string& id) {
  return std::unexpected(Error{ESRCH, operation, id, "containerd: container not found"});
}

std::unexpected<Error> context_canceled(const char* operation, const std::string& id) {
  return std::unexpected(Error{ECANCELED, operation, id, "context canceled"});
}

Result<sys::StateDir> open_container(const Core& core, const char* operation,
                                     const std::string& id) {
  TRY(state::check_id(id, "container id"));
  Result<sys::StateDir> dir = core.root.open_dir(id);
  if (!dir && dir.error().code == ENOENT) {
    return no_such_container(operation, id);
  }
  return dir;
}

Result<sys::StateDir> open_process(const sys::StateDir& container, const char* operation,
                                   const std::string& id, const std::string& process) {
  TRY(state::check_id(process, "process id"));
  Result<sys::StateDir> dir = container.open_dir(process);
  if (!dir && dir.error().code == ENOENT) {
    return std::unexpected(
        Error{ESRCH, operation, id + " " + process, "containerd: process not found for container"});
  }
  return dir;
}

std::string process_or_init(const std::string& process) {
  return process.empty() ? state::layout::kInit : process;
}

runtime::Runtime runtime_of(const state::ContainerState& state) {
  return {.name = state.runtime,
          .global_args = state.runtime_args.value_or(std::vector<std::string>())};
}

}  // namespace chock::supervisor
