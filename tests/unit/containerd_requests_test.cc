// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "supervisor/containerd/requests.h"

namespace chock::supervisor::containerd {
namespace {

using Strings = std::vector<std::string>;

TEST(containerd_requests, start) {
  types::CreateContainerRequest request;
  request.set_id("a");
  request.set_bundlepath("/b");
  request.set_stdin("/in");
  request.set_stdout("/out");
  request.set_stderr("/err");
  request.add_labels("l");
  request.set_nopivotroot(true);
  request.set_runtime("crun");
  request.add_runtimeargs("--debug");
  request.set_checkpoint("c");
  request.set_checkpointdir("/d");
  const Result<StartRequest> start = to_start(request);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->id, "a");
  EXPECT_EQ(start->bundle, "/b");
  EXPECT_EQ(start->stdio.in, "/in");
  EXPECT_EQ(start->stdio.out, "/out");
  EXPECT_EQ(start->stdio.err, "/err");
  EXPECT_EQ(start->labels, Strings{"l"});
  EXPECT_TRUE(start->no_pivot);
  EXPECT_EQ(start->runtime, "crun");
  EXPECT_EQ(start->runtime_args, Strings{"--debug"});
  EXPECT_EQ(start->checkpoint, "c");
  EXPECT_EQ(start->checkpoint_dir, "/d");
}

TEST(containerd_requests, start_without_much) {
  types::CreateContainerRequest request;
  EXPECT_EQ(to_start(request).error().message(), "empty bundle path");
  request.set_bundlepath("/b");
  request.add_runtimeargs("of no runtime");
  const Result<StartRequest> start = to_start(request);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->labels, std::nullopt);
  EXPECT_EQ(start->runtime_args, Strings());
  request.set_checkpoint("../c");
  EXPECT_FALSE(to_start(request));
}

TEST(containerd_requests, exec) {
  types::AddProcessRequest request;
  request.set_id("a");
  request.set_pid("e");
  request.set_terminal(true);
  request.mutable_user()->set_uid(1);
  request.mutable_user()->set_gid(2);
  request.mutable_user()->add_additionalgids(3);
  request.add_args("sh");
  request.add_env("A=b");
  request.set_cwd("/");
  request.add_capabilities("CAP_KILL");
  request.set_apparmorprofile("p");
  request.set_selinuxlabel("s");
  request.set_nonewprivileges(true);
  types::Rlimit& limit = *request.add_rlimits();
  limit.set_type("RLIMIT_NOFILE");
  limit.set_soft(1);
  limit.set_hard(18446744073709551615U);
  const Result<ExecRequest> exec = to_exec(request);
  ASSERT_TRUE(exec);
  EXPECT_EQ(exec->id, "a");
  EXPECT_EQ(exec->process, "e");
  const state::OciProcess& spec = exec->spec.value();
  EXPECT_TRUE(spec.terminal);
  EXPECT_EQ(spec.user.uid, 1U);
  EXPECT_EQ(spec.user.gid, 2U);
  EXPECT_EQ(spec.user.additional_gids, std::vector<uint32_t>{3});
  EXPECT_EQ(spec.args, Strings{"sh"});
  EXPECT_EQ(spec.env, Strings{"A=b"});
  EXPECT_EQ(spec.cwd, "/");
  for (const Strings& set : {spec.capabilities->bounding, spec.capabilities->effective,
                             spec.capabilities->inheritable, spec.capabilities->permitted}) {
    EXPECT_EQ(set, Strings{"CAP_KILL"});
  }
  EXPECT_EQ(spec.capabilities->ambient, Strings());
  EXPECT_EQ(spec.apparmor_profile, "p");
  EXPECT_EQ(spec.selinux_label, "s");
  EXPECT_TRUE(spec.no_new_privileges);
  ASSERT_EQ(spec.rlimits.size(), 1U);
  EXPECT_EQ(spec.rlimits[0].type, "RLIMIT_NOFILE");
  EXPECT_EQ(spec.rlimits[0].soft, 1U);
  EXPECT_EQ(spec.rlimits[0].hard, 18446744073709551615U);
}

TEST(containerd_requests, exec_without_much) {
  types::AddProcessRequest request;
  EXPECT_EQ(to_exec(request).error().message(), "container id cannot be empty");
  request.set_id("a");
  EXPECT_EQ(to_exec(request).error().message(), "process id cannot be empty");
  request.set_pid("e");
  const Result<ExecRequest> exec = to_exec(request);
  ASSERT_TRUE(exec);
  EXPECT_EQ(exec->spec->user.uid, 0U);
  EXPECT_EQ(exec->spec->user.gid, 0U);
  ASSERT_TRUE(exec->spec->capabilities) << "absent would be: whatever the runtime likes";
  EXPECT_EQ(exec->spec->capabilities->bounding, Strings());
}

TEST(containerd_requests, kill_and_resize) {
  types::SignalRequest signal;
  signal.set_id("a");
  signal.set_pid("p");
  signal.set_signal(9);
  EXPECT_EQ(to_kill(signal).id, "a");
  EXPECT_EQ(to_kill(signal).process, "p");
  EXPECT_EQ(to_kill(signal).signal, 9);
  types::UpdateProcessRequest size;
  size.set_width(80);
  size.set_height(4294967295U);
  EXPECT_EQ(to_resize(size).width, 80);
  EXPECT_EQ(to_resize(size).height, 65535);
}

TEST(containerd_requests, update) {
  types::UpdateContainerRequest request;
  request.set_id("a");
  types::UpdateResource& resources = *request.mutable_resources();
  resources.set_blkioweight(500);
  resources.set_cpushares(1);
  resources.set_cpuperiod(2);
  resources.set_cpuquota(18446744073709551615U);
  resources.set_cpusetcpus("0");
  resources.set_cpusetmems("0-1");
  resources.set_memorylimit(3);
  resources.set_memoryswap(4);
  resources.set_memoryreservation(5);
  resources.set_kernelmemorylimit(6);
  resources.set_kerneltcpmemorylimit(7);
  resources.set_pidslimit(8);
  resources.set_cpurealtimeperiod(9);
  resources.set_cpurealtimeruntime(-1);
  const Result<UpdateRequest> update = to_update(request);
  ASSERT_TRUE(update);
  EXPECT_EQ(update->id, "a");
  const Resources& to = update->resources;
  EXPECT_EQ(to.blkio_weight, 500);
  EXPECT_EQ(to.cpu_shares, 1U);
  EXPECT_EQ(to.cpu_period, 2U);
  EXPECT_EQ(to.cpu_quota, -1);
  EXPECT_EQ(to.cpuset_cpus, "0");
  EXPECT_EQ(to.cpuset_mems, "0-1");
  EXPECT_EQ(to.memory_limit, 3);
  EXPECT_EQ(to.memory_swap, 4);
  EXPECT_EQ(to.memory_reservation, 5);
  EXPECT_EQ(to.kernel_memory, 6);
  EXPECT_EQ(to.kernel_tcp_memory, 7);
  EXPECT_EQ(to.pids_limit, 8);
  EXPECT_EQ(to.cpu_realtime_period, 9U);
  EXPECT_EQ(to.cpu_realtime_runtime, -1);
  resources.set_blkioweight(99999);
  EXPECT_EQ(to_update(request).error().message(), "invalid parameter: blkioWeight 99999");
}

TEST(containerd_requests, checkpoint_config) {
  types::Checkpoint checkpoint;
  checkpoint.set_name("c");
  checkpoint.set_exit(true);
  checkpoint.set_tcp(true);
  checkpoint.set_unixsockets(true);
  checkpoint.set_shell(true);
  checkpoint.add_emptyns("network");
  const state::CheckpointConfig config = to_checkpoint_config(checkpoint);
  EXPECT_EQ(config.name, "c");
  EXPECT_TRUE(config.exit && config.tcp && config.unix_sockets && config.shell);
  EXPECT_EQ(config.empty_namespaces, Strings{"network"});
}

}  // namespace
}  // namespace chock::supervisor::containerd
