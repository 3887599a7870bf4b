// SPDX-License-Identifier: Apache-2.0
// Reading requests; every check of what a caller may ask for is here.
#include <errno.h>
#include <signal.h>

#include "supervisor/process_check.h"
#include "supervisor/request_reader.h"
#include "supervisor/task_json.h"

namespace chock::supervisor {
namespace {

using Need = RequestReader::Need;
using std::chrono::milliseconds;

constexpr int64_t kLongestTimeout = 86'400'000;  // milliseconds: a day

std::string read_container_id(RequestReader& reader) {
  return reader.id("id", "container id", Need::Required);
}

// Absent: init.
std::string read_process_id(RequestReader& reader) {
  return reader.id("process", "process id", Need::Optional);
}

milliseconds read_timeout(RequestReader& reader) {
  return milliseconds(reader.integer<int64_t>("timeout", 0, kLongestTimeout));
}

StdioRequest read_stdio(RequestReader& reader) {
  StdioRequest stdio;
  reader.object("stdio", [&stdio](RequestReader& in) {
    stdio.in = in.path("stdin");
    stdio.out = in.path("stdout");
    stdio.err = in.path("stderr");
    stdio.log = in.path("log");
    stdio.fifos = in.boolean("fifos");
    const bool outputs = !stdio.out.empty() || !stdio.err.empty();
    if (stdio.fifos && (outputs || !stdio.in.empty() || !stdio.log.empty())) {
      in.fail("fifos", "excludes all others");
    } else if (!stdio.log.empty() && outputs) {
      in.fail("log", "excludes stdout and stderr");
    }
  });
  return stdio;
}

std::optional<state::ConsoleSize> read_console_size(RequestReader& reader) {
  std::optional<state::ConsoleSize> size;
  reader.object("consoleSize", [&size](RequestReader& in) {
    size = {.height = in.integer<uint16_t>("height"), .width = in.integer<uint16_t>("width")};
  });
  return size;
}

StartRequest read_start(RequestReader& reader) {
  StartRequest request;
  request.id = read_container_id(reader);
  request.bundle = reader.path("bundle");
  if (request.bundle.empty() && !request.id.empty()) {
    reader.fail("bundle", "empty bundle path");
  }
  request.runtime = reader.text("runtime");
  if (request.runtime.contains('/') && !request.runtime.starts_with('/')) {
    reader.fail("runtime", "must be a name or an absolute path");
  }
  request.runtime_args = reader.texts("runtimeArgs");
  if (reader.has("labels")) {
    request.labels = reader.texts("labels");
  } else {
    static_cast<void>(reader.take("labels"));  // known, and absent
  }
  request.no_pivot = reader.boolean("noPivotRoot");
  request.stdio = read_stdio(reader);
  request.checkpoint = reader.id("checkpoint", "checkpoint name", Need::Optional);
  request.checkpoint_dir = reader.path("checkpointDir");
  request.console_size = read_console_size(reader);
  request.keep = reader.boolean("keep");
  request.timeout = read_timeout(reader);
  return request;
}

state::User read_user(RequestReader& reader) {
  state::User user;
  user.uid = reader.integer<uint32_t>("uid");
  user.gid = reader.integer<uint32_t>("gid");
  if (const state::Json* gids = reader.take("additionalGids")) {
    const state::Json object{{"additionalGids", *gids}};
    state::JsonReader list(object, "additionalGids");
    user.additional_gids = list.integers<uint32_t>("additionalGids");
    if (!list.check() || user.additional_gids.size() > RequestReader::kListLimit) {
      reader.fail("additionalGids", "must be an array of integers from 0 to 4294967295");
    }
  }
  user.username = reader.text("username");
  return user;
}

// An OCI process, with what newer specifications may add to it.
std::optional<state::OciProcess> read_spec(RequestReader& reader) {
  const state::Json* value = reader.take("spec");
  if (value == nullptr) {
    return std::nullopt;
  }
  state::JsonReader object(*value, "spec");
  state::OciProcess spec = state::read_oci_process(object);
  if (const Result<void> checked = object.check(); !checked) {
    reader.fail("spec", checked.error().message());
  } else if (spec.args.empty()) {
    reader.fail("spec.args", "must not be empty");
  } else if (!spec.cwd.starts_with('/')) {
    reader.fail("spec.cwd", "must be an absolute path");
  } else if (const Result<void> judged = check_process(spec, "exec", "spec."); !judged) {
    reader.fail(judged.error());
  }
  for (const auto* list : {&spec.args, &spec.env}) {
    if (list->size() > RequestReader::kListLimit) {
      reader.fail(
          list == &spec.args ? "spec.args" : "spec.env",
          "must be an array of at most " + std::to_string(RequestReader::kListLimit) + " strings");
    }
  }
  return spec;
}

void read_exec_changes(RequestReader& reader, ExecRequest& request) {
  request.args = reader.texts("args");
  request.env = reader.texts("env");
  request.cwd = reader.path("cwd");
  reader.object("user", [&request](RequestReader& in) { request.user = read_user(in); });
  request.capabilities = reader.texts("capabilities");
  request.no_new_privileges = reader.boolean("noNewPrivileges");
  request.terminal = reader.boolean("terminal");
  request.console_size = read_console_size(reader);
}

bool changes_anything(const ExecRequest& request) {
  return !request.args.empty() || !request.env.empty() || !request.cwd.empty() || request.user ||
         !request.capabilities.empty() || request.no_new_privileges || request.terminal ||
         request.console_size;
}

ExecRequest read_exec(RequestReader& reader) {
  ExecRequest request;
  request.id = read_container_id(reader);
  request.process = read_process_id(reader);
  if (request.process == "init") {
    reader.fail("process", "'init' is the container's first process");
  }
  request.spec = read_spec(reader);
  read_exec_changes(reader, request);
  if (request.spec && changes_anything(request)) {
    reader.fail("spec", "says everything; no other field may");
  } else if (!request.spec && request.args.empty() && !request.id.empty()) {
    reader.fail("args", "must not be empty");
  }
  request.stdio = read_stdio(reader);
  request.timeout = read_timeout(reader);
  return request;
}

Resources read_resources(RequestReader& reader) {
  Resources r;
  reader.object("memory", [&r](RequestReader& in) {
    r.memory_limit = in.integer<int64_t>("limit");
    r.memory_reservation = in.integer<int64_t>("reservation");
    r.memory_swap = in.integer<int64_t>("swap");
    r.kernel_memory = in.integer<int64_t>("kernel");
    r.kernel_tcp_memory = in.integer<int64_t>("kernelTCP");
  });
  reader.object("cpu", [&r](RequestReader& in) {
    r.cpu_shares = in.integer<uint64_t>("shares");
    r.cpu_period = in.integer<uint64_t>("period");
    r.cpu_quota = in.integer<int64_t>("quota");
    r.cpu_realtime_period = in.integer<uint64_t>("realtimePeriod");
    r.cpu_realtime_runtime = in.integer<int64_t>("realtimeRuntime");
    r.cpuset_cpus = in.text("cpus");
    r.cpuset_mems = in.text("mems");
  });
  reader.object("blockIO",
                [&r](RequestReader& in) { r.blkio_weight = in.integer<uint16_t>("weight"); });
  reader.object("pids", [&r](RequestReader& in) { r.pids_limit = in.integer<int64_t>("limit"); });
  return r;
}

state::CheckpointConfig read_checkpoint(RequestReader& reader) {
  state::CheckpointConfig config;
  config.name = reader.id("name", "checkpoint name", Need::Required);
  config.tcp = reader.boolean("tcp");
  config.unix_sockets = reader.boolean("unixSockets");
  config.shell = reader.boolean("shell");
  config.exit = reader.boolean("exit");
  config.empty_namespaces = reader.texts("emptyNS");
  return config;
}

// Most requests are a container and at most a process of it.
template <class Request>
Request read_plain_request(RequestReader& reader) {
  return {.id = read_container_id(reader)};
}

template <class Request>
Request read_process_of(RequestReader& reader) {
  Request request;
  request.id = read_container_id(reader);
  request.process = read_process_id(reader);
  return request;
}

template <class Request>
Result<Request> checked(const char* operation, const state::Json& params,
                        Request (*read)(RequestReader&)) {
  RequestReader reader(params, operation);
  Request request = read(reader);
  TRY(reader.finish());
  return request;
}

KillRequest read_kill(RequestReader& reader) {
  auto request = read_process_of<KillRequest>(reader);
  request.signal = reader.integer<int>("signal", 1, SIGRTMAX, Need::Required);
  return request;
}

DeleteRequest read_delete(RequestReader& reader) {
  auto request = read_plain_request<DeleteRequest>(reader);
  request.force = reader.boolean("force");
  return request;
}

ResizeRequest read_resize(RequestReader& reader) {
  auto request = read_process_of<ResizeRequest>(reader);
  constexpr uint16_t kMost = std::numeric_limits<uint16_t>::max();
  request.width = reader.integer<uint16_t>("width", 0, kMost, Need::Required);
  request.height = reader.integer<uint16_t>("height", 0, kMost, Need::Required);
  return request;
}

UpdateRequest read_update(RequestReader& reader) {
  auto request = read_plain_request<UpdateRequest>(reader);
  reader.object("resources",
                [&request](RequestReader& in) { request.resources = read_resources(in); });
  return request;
}

CheckpointCreateRequest read_checkpoint_create(RequestReader& reader) {
  auto request = read_plain_request<CheckpointCreateRequest>(reader);
  request.directory = reader.path("directory");
  request.checkpoint = read_checkpoint(reader);
  return request;
}

CheckpointListRequest read_checkpoint_list(RequestReader& reader) {
  auto request = read_plain_request<CheckpointListRequest>(reader);
  request.directory = reader.path("directory");
  return request;
}

CheckpointDeleteRequest read_checkpoint_delete(RequestReader& reader) {
  auto request = read_plain_request<CheckpointDeleteRequest>(reader);
  request.directory = reader.path("directory");
  request.name = reader.id("name", "checkpoint name", Need::Required);
  return request;
}

ListRequest read_list(RequestReader& /*reader*/) { return {}; }

}  // namespace

template <>
Result<StartRequest> parse_request(const state::Json& params) {
  return checked<StartRequest>("start", params, read_start);
}
template <>
Result<ExecRequest> parse_request(const state::Json& params) {
  return checked<ExecRequest>("exec", params, read_exec);
}
template <>
Result<AttachRequest> parse_request(const state::Json& params) {
  return checked<AttachRequest>("attach", params, read_process_of);
}
template <>
Result<KillRequest> parse_request(const state::Json& params) {
  return checked<KillRequest>("kill", params, read_kill);
}
template <>
Result<WaitRequest> parse_request(const state::Json& params) {
  return checked<WaitRequest>("wait", params, read_process_of);
}
template <>
Result<StateRequest> parse_request(const state::Json& params) {
  return checked<StateRequest>("state", params, read_plain_request);
}
template <>
Result<ListRequest> parse_request(const state::Json& params) {
  return checked<ListRequest>("list", params, read_list);
}
template <>
Result<DeleteRequest> parse_request(const state::Json& params) {
  return checked<DeleteRequest>("delete", params, read_delete);
}
template <>
Result<ResizeRequest> parse_request(const state::Json& params) {
  return checked<ResizeRequest>("resize", params, read_resize);
}
template <>
Result<CloseStdinRequest> parse_request(const state::Json& params) {
  return checked<CloseStdinRequest>("close-stdin", params, read_process_of);
}
template <>
Result<PauseRequest> parse_request(const state::Json& params) {
  return checked<PauseRequest>("pause", params, read_plain_request);
}
template <>
Result<ResumeRequest> parse_request(const state::Json& params) {
  return checked<ResumeRequest>("resume", params, read_plain_request);
}
template <>
Result<UpdateRequest> parse_request(const state::Json& params) {
  return checked<UpdateRequest>("update", params, read_update);
}
template <>
Result<StatsRequest> parse_request(const state::Json& params) {
  return checked<StatsRequest>("stats", params, read_plain_request);
}
template <>
Result<PsRequest> parse_request(const state::Json& params) {
  return checked<PsRequest>("ps", params, read_plain_request);
}
template <>
Result<CheckpointCreateRequest> parse_request(const state::Json& params) {
  return checked<CheckpointCreateRequest>("checkpoint-create", params, read_checkpoint_create);
}
template <>
Result<CheckpointListRequest> parse_request(const state::Json& params) {
  return checked<CheckpointListRequest>("checkpoint-list", params, read_checkpoint_list);
}
template <>
Result<CheckpointDeleteRequest> parse_request(const state::Json& params) {
  return checked<CheckpointDeleteRequest>("checkpoint-delete", params, read_checkpoint_delete);
}

}  // namespace chock::supervisor
