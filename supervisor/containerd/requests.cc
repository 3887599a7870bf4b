// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/requests.h"

#include <algorithm>
#include <limits>

#include "common/state/id.h"

namespace chock::supervisor::containerd {
namespace {

std::vector<std::string> to_strings(const google::protobuf::RepeatedPtrField<std::string>& from) {
  return {from.begin(), from.end()};
}

state::User to_user(const types::User& user) {
  return {.uid = user.uid(),
          .gid = user.gid(),
          .additional_gids = {user.additionalgids().begin(), user.additionalgids().end()}};
}

state::Capabilities to_capabilities(const std::vector<std::string>& names) {
  return {.bounding = names, .effective = names, .inheritable = names, .permitted = names};
}

std::vector<state::Rlimit> to_rlimits(const types::AddProcessRequest& request) {
  std::vector<state::Rlimit> limits;
  for (const types::Rlimit& limit : request.rlimits()) {
    limits.push_back({.type = limit.type(), .hard = limit.hard(), .soft = limit.soft()});
  }
  return limits;
}

state::OciProcess to_process(const types::AddProcessRequest& request) {
  return {.terminal = request.terminal(),
          .user = to_user(request.user()),
          .args = to_strings(request.args()),
          .env = to_strings(request.env()),
          .cwd = request.cwd(),
          .capabilities = to_capabilities(to_strings(request.capabilities())),
          .rlimits = to_rlimits(request),
          .no_new_privileges = request.nonewprivileges(),
          .apparmor_profile = request.apparmorprofile(),
          .selinux_label = request.selinuxlabel()};
}

uint16_t to_cells(uint32_t cells) {
  constexpr uint32_t kMost = std::numeric_limits<uint16_t>::max();
  return static_cast<uint16_t>(std::min(cells, kMost));
}

// -1, "no limit", comes as 2^64-1.
int64_t to_signed(uint64_t number) { return static_cast<int64_t>(number); }

Result<Resources> to_resources(const types::UpdateResource& from) {
  const uint64_t weight = from.blkioweight();
  if (weight > std::numeric_limits<uint16_t>::max()) {
    return input_error("", "", "invalid parameter: blkioWeight " + std::to_string(weight));
  }
  return Resources{.memory_limit = to_signed(from.memorylimit()),
                   .memory_reservation = to_signed(from.memoryreservation()),
                   .memory_swap = to_signed(from.memoryswap()),
                   .kernel_memory = to_signed(from.kernelmemorylimit()),
                   .kernel_tcp_memory = to_signed(from.kerneltcpmemorylimit()),
                   .cpu_shares = from.cpushares(),
                   .cpu_period = from.cpuperiod(),
                   .cpu_quota = to_signed(from.cpuquota()),
                   .cpu_realtime_period = from.cpurealtimeperiod(),
                   .cpu_realtime_runtime = from.cpurealtimeruntime(),
                   .cpuset_cpus = from.cpusetcpus(),
                   .cpuset_mems = from.cpusetmems(),
                   .blkio_weight = static_cast<uint16_t>(weight),
                   .pids_limit = to_signed(from.pidslimit())};
}

Result<void> require_name(const std::string& checkpoint) {
  if (checkpoint.empty()) {
    return input_error("", "", "checkpoint name cannot be empty");
  }
  return {};
}

}  // namespace

Result<StartRequest> to_start(const types::CreateContainerRequest& request) {
  if (request.bundlepath().empty()) {
    return input_error("", "", "empty bundle path");
  }
  if (!request.checkpoint().empty()) {
    TRY(state::check_id(request.checkpoint(), "checkpoint name"));  // no way out of its directory
  }
  StartRequest start{
      .id = request.id(),
      .bundle = request.bundlepath(),
      .runtime = request.runtime(),
      .no_pivot = request.nopivotroot(),
      .stdio = {.in = request.stdin(), .out = request.stdout(), .err = request.stderr()},
      .checkpoint = request.checkpoint(),
      .checkpoint_dir = request.checkpointdir()};
  if (!request.runtime().empty()) {
    start.runtime_args = to_strings(request.runtimeargs());
  }
  if (request.labels_size() > 0) {
    start.labels = to_strings(request.labels());
  }
  return start;
}

Result<ExecRequest> to_exec(const types::AddProcessRequest& request) {
  if (request.id().empty()) {
    return input_error("", "", "container id cannot be empty");
  }
  if (request.pid().empty()) {
    return input_error("", "", "process id cannot be empty");
  }
  return ExecRequest{
      .id = request.id(),
      .process = request.pid(),
      .spec = to_process(request),
      .stdio = {.in = request.stdin(), .out = request.stdout(), .err = request.stderr()}};
}

KillRequest to_kill(const types::SignalRequest& request) {
  return {
      .id = request.id(), .process = request.pid(), .signal = static_cast<int>(request.signal())};
}

ResizeRequest to_resize(const types::UpdateProcessRequest& request) {
  return {.id = request.id(),
          .process = request.pid(),
          .width = to_cells(request.width()),
          .height = to_cells(request.height())};
}

Result<UpdateRequest> to_update(const types::UpdateContainerRequest& request) {
  return UpdateRequest{.id = request.id(), .resources = TRY(to_resources(request.resources()))};
}

state::CheckpointConfig to_checkpoint_config(const types::Checkpoint& checkpoint) {
  return {.name = checkpoint.name(),
          .tcp = checkpoint.tcp(),
          .unix_sockets = checkpoint.unixsockets(),
          .shell = checkpoint.shell(),
          .exit = checkpoint.exit(),
          .empty_namespaces = to_strings(checkpoint.emptyns())};
}

CloseStdinRequest to_close_stdin(const types::UpdateProcessRequest& request) {
  return {.id = request.id(), .process = request.pid()};
}

Result<CheckpointCreateRequest> to_checkpoint_create(
    const types::CreateCheckpointRequest& request) {
  TRY(require_name(request.checkpoint().name()));
  return CheckpointCreateRequest{.id = request.id(),
                                 .directory = request.checkpointdir(),
                                 .checkpoint = to_checkpoint_config(request.checkpoint())};
}

Result<CheckpointDeleteRequest> to_checkpoint_delete(
    const types::DeleteCheckpointRequest& request) {
  TRY(require_name(request.name()));
  return CheckpointDeleteRequest{
      .id = request.id(), .directory = request.checkpointdir(), .name = request.name()};
}

CheckpointListRequest to_checkpoint_list(const types::ListCheckpointRequest& request) {
  return {.id = request.id(), .directory = request.checkpointdir()};
}

}  // namespace chock::supervisor::containerd
