// SPDX-License-Identifier: Apache-2.0
#include "supervisor/task_json.h"

namespace chock::supervisor {
namespace {

using state::Json;

// Values that say nothing are left out.
void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) {
    object[key] = value;
  }
}
void put(Json& object, const char* key, const std::vector<std::string>& value) {
  if (!value.empty()) {
    object[key] = value;
  }
}
void put(Json& object, const char* key, bool value) {
  if (value) {
    object[key] = true;
  }
}
void put(Json& object, const char* key, std::integral auto value) {
  if (value != 0) {
    object[key] = value;
  }
}
void put(Json& object, const char* key, const Json& value) {
  if (!value.empty()) {
    object[key] = value;
  }
}

Json format_stdio(const StdioRequest& stdio) {
  Json object = Json::object();
  put(object, "stdin", stdio.in);
  put(object, "stdout", stdio.out);
  put(object, "stderr", stdio.err);
  put(object, "log", stdio.log);
  put(object, "fifos", stdio.fifos);
  return object;
}

Json format_stdio(const StdioPaths& stdio) {
  return {{"stdin", stdio.in}, {"stdout", stdio.out}, {"stderr", stdio.err}};
}

Json format_console_size(const std::optional<state::ConsoleSize>& size) {
  return size ? Json{{"height", size->height}, {"width", size->width}} : Json::object();
}

Json format_user(const state::User& user) {
  Json object{{"uid", user.uid}, {"gid", user.gid}};
  if (!user.additional_gids.empty()) {
    object["additionalGids"] = user.additional_gids;
  }
  put(object, "username", user.username);
  return object;
}

Json format_checkpoint(const state::CheckpointConfig& config) {
  Json object{{"name", config.name}};
  put(object, "created", config.created);
  put(object, "tcp", config.tcp);
  put(object, "unixSockets", config.unix_sockets);
  put(object, "shell", config.shell);
  put(object, "exit", config.exit);
  put(object, "emptyNS", config.empty_namespaces);
  return object;
}

Json format_process(const ProcessInfo& process) {
  Json object{{"process", process.process}, {"status", name_of(process.status)}};
  put(object, "pid", process.pid);
  if (process.exit_status) {
    object["exitStatus"] = *process.exit_status;
  }
  object["stdio"] = format_stdio(process.stdio);
  Json spec = Json::object();
  state::append_oci_process(spec, process.spec);
  object["spec"] = std::move(spec);
  return object;
}

Json container(const std::string& id) { return {{"id", id}}; }

Json process_of(const std::string& id, const std::string& process) {
  Json object = container(id);
  put(object, "process", process);
  return object;
}

}  // namespace

const char* name_of(Status status) {
  switch (status) {
    case Status::Creating:
      return "creating";
    case Status::Created:
      return "created";
    case Status::Running:
      return "running";
    case Status::Paused:
      return "paused";
    case Status::Stopped:
      return "stopped";
    case Status::Broken:
      return "broken";
  }
  __builtin_unreachable();
}

Json format_request(const StartRequest& request) {
  Json object = container(request.id);
  object["bundle"] = request.bundle;
  put(object, "runtime", request.runtime);
  put(object, "runtimeArgs", request.runtime_args);
  if (request.labels) {
    object["labels"] = *request.labels;
  }
  put(object, "noPivotRoot", request.no_pivot);
  put(object, "stdio", format_stdio(request.stdio));
  put(object, "checkpoint", request.checkpoint);
  put(object, "checkpointDir", request.checkpoint_dir);
  put(object, "consoleSize", format_console_size(request.console_size));
  put(object, "keep", request.keep);
  put(object, "timeout", request.timeout.count());
  return object;
}

Json format_request(const ExecRequest& request) {
  Json object = process_of(request.id, request.process);
  if (request.spec) {
    Json spec = Json::object();
    state::append_oci_process(spec, *request.spec);
    object["spec"] = std::move(spec);
  }
  put(object, "args", request.args);
  put(object, "env", request.env);
  put(object, "cwd", request.cwd);
  if (request.user) {
    object["user"] = format_user(*request.user);
  }
  put(object, "capabilities", request.capabilities);
  put(object, "noNewPrivileges", request.no_new_privileges);
  put(object, "terminal", request.terminal);
  put(object, "consoleSize", format_console_size(request.console_size));
  put(object, "stdio", format_stdio(request.stdio));
  put(object, "timeout", request.timeout.count());
  return object;
}

Json format_request(const AttachRequest& request) {
  return process_of(request.id, request.process);
}

Json format_request(const KillRequest& request) {
  Json object = process_of(request.id, request.process);
  object["signal"] = request.signal;
  return object;
}

Json format_request(const WaitRequest& request) { return process_of(request.id, request.process); }

Json format_request(const StateRequest& request) { return container(request.id); }

Json format_request(const ListRequest& /*request*/) { return Json::object(); }

Json format_request(const DeleteRequest& request) {
  Json object = container(request.id);
  put(object, "force", request.force);
  return object;
}

Json format_request(const ResizeRequest& request) {
  Json object = process_of(request.id, request.process);
  object["width"] = request.width;
  object["height"] = request.height;
  return object;
}

Json format_request(const CloseStdinRequest& request) {
  return process_of(request.id, request.process);
}

Json format_request(const PauseRequest& request) { return container(request.id); }

Json format_request(const ResumeRequest& request) { return container(request.id); }

Json format_request(const UpdateRequest& request) {
  Json object = container(request.id);
  put(object, "resources", format_resources(request.resources));
  return object;
}

Json format_request(const StatsRequest& request) { return container(request.id); }

Json format_request(const PsRequest& request) { return container(request.id); }

Json format_request(const CheckpointCreateRequest& request) {
  Json object = container(request.id);
  put(object, "directory", request.directory);
  state::CheckpointConfig config = request.checkpoint;
  config.created.clear();  // its time is not for the caller to choose
  object.update(format_checkpoint(config));
  return object;
}

Json format_request(const CheckpointListRequest& request) {
  Json object = container(request.id);
  put(object, "directory", request.directory);
  return object;
}

Json format_request(const CheckpointDeleteRequest& request) {
  Json object = container(request.id);
  put(object, "directory", request.directory);
  object["name"] = request.name;
  return object;
}

Json format_answer(const Done& /*answer*/) { return Json::object(); }

Json format_answer(const StartAnswer& answer) {
  Json object{{"id", answer.id}, {"process", answer.process}};
  put(object, "pid", answer.pid);
  object["directory"] = answer.directory;
  object["terminal"] = answer.terminal;
  object["stdio"] = format_stdio(answer.stdio);
  return object;
}

StartAnswer parse_start_answer(const Json& json) {
  state::JsonReader reader(json, "answer");
  StartAnswer answer{.id = reader.string("id"), .process = reader.string("process")};
  answer.pid = reader.integer<pid_t>("pid");
  answer.directory = reader.string("directory");
  answer.terminal = reader.boolean("terminal");
  reader.object("stdio", [&answer](state::JsonReader& stdio) {
    answer.stdio = {
        .in = stdio.string("stdin"), .out = stdio.string("stdout"), .err = stdio.string("stderr")};
  });
  return answer;
}

Json format_answer(const WaitAnswer& answer) { return {{"exitStatus", answer.status}}; }

Json format_answer(const ContainerInfo& answer) {
  Json object{{"id", answer.id}, {"status", name_of(answer.status)}};
  put(object, "reason", answer.reason);
  object["bundle"] = answer.bundle;
  object["runtime"] = answer.runtime;
  object["runtimeArgs"] = answer.runtime_args;
  object["labels"] = answer.labels;
  object["directory"] = answer.directory;
  object["processes"] = Json::array();
  for (const ProcessInfo& process : answer.processes) {
    object["processes"].push_back(format_process(process));
  }
  return object;
}

Json format_answer(const ListAnswer& answer) {
  Json list = Json::array();
  for (const ContainerInfo& info : answer.containers) {
    list.push_back(format_answer(info));
  }
  return {{"containers", std::move(list)}};
}

Json format_answer(const StatsAnswer& answer) {
  return {{"timestamp", answer.timestamp}, {"data", answer.data}};
}

Json format_answer(const PsAnswer& answer) { return {{"pids", answer.pids}}; }

Json format_answer(const CheckpointListAnswer& answer) {
  Json list = Json::array();
  for (const state::CheckpointConfig& config : answer.checkpoints) {
    list.push_back(format_checkpoint(config));
  }
  return {{"checkpoints", std::move(list)}};
}

Json format_resources(const Resources& resources) {
  Json memory = Json::object();
  put(memory, "limit", resources.memory_limit);
  put(memory, "reservation", resources.memory_reservation);
  put(memory, "swap", resources.memory_swap);
  put(memory, "kernel", resources.kernel_memory);
  put(memory, "kernelTCP", resources.kernel_tcp_memory);
  Json cpu = Json::object();
  put(cpu, "shares", resources.cpu_shares);
  put(cpu, "period", resources.cpu_period);
  put(cpu, "quota", resources.cpu_quota);
  put(cpu, "realtimePeriod", resources.cpu_realtime_period);
  put(cpu, "realtimeRuntime", resources.cpu_realtime_runtime);
  put(cpu, "cpus", resources.cpuset_cpus);
  put(cpu, "mems", resources.cpuset_mems);
  Json block_io = Json::object();
  put(block_io, "weight", resources.blkio_weight);
  Json pids = Json::object();
  put(pids, "limit", resources.pids_limit);

  Json object = Json::object();
  put(object, "memory", memory);
  put(object, "cpu", cpu);
  put(object, "blockIO", block_io);
  put(object, "pids", pids);
  return object;
}

}  // namespace chock::supervisor
