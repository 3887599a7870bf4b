// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/answers.h"

#include "supervisor/containerd/timestamp.h"

namespace chock::supervisor::containerd {
namespace {

using google::protobuf::RepeatedPtrField;

RepeatedPtrField<std::string> to_repeated(const std::vector<std::string>& strings) {
  return {strings.begin(), strings.end()};
}

// The contract has no word for a container that nobody has started yet: the original calls it
// running as soon as it has a pid.
bool is_alive(Status status) {
  return status == Status::Created || status == Status::Running || status == Status::Paused;
}

types::User to_user(const state::User& from) {
  types::User user;
  user.set_uid(from.uid);
  user.set_gid(from.gid);
  user.mutable_additionalgids()->Add(from.additional_gids.begin(), from.additional_gids.end());
  return user;
}

void set_spec(types::Process& process, const state::OciProcess& spec) {
  process.set_terminal(spec.terminal);
  *process.mutable_user() = to_user(spec.user);
  *process.mutable_args() = to_repeated(spec.args);
  *process.mutable_env() = to_repeated(spec.env);
  process.set_cwd(spec.cwd);
  if (spec.capabilities) {
    *process.mutable_capabilities() = to_repeated(spec.capabilities->effective);
  }
  process.set_apparmorprofile(spec.apparmor_profile);
  process.set_selinuxlabel(spec.selinux_label);
  process.set_nonewprivileges(spec.no_new_privileges);
  for (const state::Rlimit& limit : spec.rlimits) {
    types::Rlimit& added = *process.add_rlimits();
    added.set_type(limit.type);
    added.set_soft(limit.soft);
    added.set_hard(limit.hard);
  }
}

types::Process to_process(const ProcessInfo& info) {
  types::Process process;
  process.set_pid(info.process);
  process.set_systempid(static_cast<uint32_t>(info.pid));
  process.set_stdin(info.stdio.in);
  process.set_stdout(info.stdio.out);
  process.set_stderr(info.stdio.err);
  set_spec(process, info.spec);
  return process;
}

}  // namespace

types::Container to_container(const ContainerInfo& info) {
  types::Container container;
  container.set_id(info.id);
  container.set_bundlepath(info.bundle);
  container.set_status(is_alive(info.status) ? "running" : "stopped");
  *container.mutable_labels() = to_repeated(info.labels);
  container.set_runtime(info.runtime);
  for (const ProcessInfo& process : info.processes) {
    if (process.status != Status::Creating) {
      *container.add_processes() = to_process(process);
    }
  }
  return container;
}

types::Checkpoint to_checkpoint(const state::CheckpointConfig& config) {
  types::Checkpoint checkpoint;
  checkpoint.set_name(config.name);
  checkpoint.set_exit(config.exit);
  checkpoint.set_tcp(config.tcp);
  checkpoint.set_unixsockets(config.unix_sockets);
  checkpoint.set_shell(config.shell);
  *checkpoint.mutable_emptyns() = to_repeated(config.empty_namespaces);
  return checkpoint;
}

types::Event to_event(const state::EventRecord& record) {
  types::Event event;
  event.set_type(state::name_of(record.type));
  event.set_id(record.id);
  event.set_status(record.status);
  event.set_pid(record.process);
  *event.mutable_timestamp() = to_protobuf(record.timestamp);
  return event;
}

}  // namespace chock::supervisor::containerd
