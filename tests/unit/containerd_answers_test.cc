// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/runtime/stats.h"
#include "supervisor/containerd/answers.h"

namespace chock::supervisor::containerd {
namespace {

ContainerInfo container_of(Status status) {
  ProcessInfo init{.process = "init", .status = status, .pid = 42};
  init.spec.terminal = true;
  init.spec.user = {.uid = 1, .gid = 2, .additional_gids = {3}};
  init.spec.args = {"sh"};
  init.spec.env = {"A=b"};
  init.spec.cwd = "/";
  init.spec.capabilities =
      state::Capabilities{.bounding = {"CAP_KILL", "CAP_CHOWN"}, .effective = {"CAP_KILL"}};
  init.spec.rlimits = {{.type = "RLIMIT_NOFILE", .hard = 4, .soft = 3}};
  init.stdio = {.in = "/in", .out = "/out", .err = "/err"};
  ContainerInfo info{.id = "a", .status = status, .bundle = "/b", .runtime = "runc"};
  info.labels = {"l"};
  info.processes = {init};
  return info;
}

TEST(containerd_answers, container) {
  const types::Container container = to_container(container_of(Status::Running));
  EXPECT_EQ(container.id(), "a");
  EXPECT_EQ(container.bundlepath(), "/b");
  EXPECT_EQ(container.status(), "running");
  EXPECT_EQ(container.labels(0), "l");
  EXPECT_EQ(container.runtime(), "runc");
  ASSERT_EQ(container.processes_size(), 1);
  const types::Process& init = container.processes(0);
  EXPECT_EQ(init.pid(), "init");
  EXPECT_EQ(init.systempid(), 42U);
  EXPECT_TRUE(init.terminal());
  EXPECT_EQ(init.user().uid(), 1U);
  EXPECT_EQ(init.user().gid(), 2U);
  EXPECT_EQ(init.user().additionalgids(0), 3U);
  EXPECT_EQ(init.args(0), "sh");
  EXPECT_EQ(init.env(0), "A=b");
  EXPECT_EQ(init.cwd(), "/");
  ASSERT_EQ(init.capabilities_size(), 1) << "the effective ones only";
  EXPECT_EQ(init.capabilities(0), "CAP_KILL");
  EXPECT_EQ(init.rlimits(0).soft(), 3U);
  EXPECT_EQ(init.rlimits(0).hard(), 4U);
  EXPECT_EQ(init.stdin(), "/in");
  EXPECT_EQ(init.stdout(), "/out");
  EXPECT_EQ(init.stderr(), "/err");
}

TEST(containerd_answers, status_is_running_or_stopped) {
  EXPECT_EQ(to_container(container_of(Status::Paused)).status(), "running");
  EXPECT_EQ(to_container(container_of(Status::Created)).status(), "running");
  EXPECT_EQ(to_container(container_of(Status::Stopped)).status(), "stopped");
  EXPECT_EQ(to_container({.id = "a", .status = Status::Broken}).status(), "stopped");
  const types::Container creating = to_container(container_of(Status::Creating));
  EXPECT_EQ(creating.status(), "stopped");
  EXPECT_EQ(creating.processes_size(), 0);
}

TEST(containerd_answers, process_without_capabilities_has_none) {  // D70
  ContainerInfo info = container_of(Status::Running);
  info.processes[0].spec.capabilities.reset();
  EXPECT_EQ(to_container(info).processes(0).capabilities_size(), 0);
}

TEST(containerd_answers, checkpoint) {
  const types::Checkpoint checkpoint = to_checkpoint({.created = "x",
                                                      .name = "c",
                                                      .tcp = true,
                                                      .unix_sockets = true,
                                                      .shell = true,
                                                      .exit = true,
                                                      .empty_namespaces = {"network"}});
  EXPECT_EQ(checkpoint.name(), "c");
  EXPECT_TRUE(checkpoint.tcp() && checkpoint.unixsockets() && checkpoint.shell() &&
              checkpoint.exit());
  EXPECT_EQ(checkpoint.emptyns(0), "network");
}

TEST(containerd_answers, event) {
  const types::Event event = to_event({.id = "a",
                                       .type = state::EventRecord::Type::Exit,
                                       .timestamp = {.tv_sec = 5, .tv_nsec = 6},
                                       .process = "init",
                                       .status = 137});
  EXPECT_EQ(event.id(), "a");
  EXPECT_EQ(event.type(), "exit");
  EXPECT_EQ(event.pid(), "init");
  EXPECT_EQ(event.status(), 137U);
  EXPECT_EQ(event.timestamp().seconds(), 5);
  EXPECT_EQ(event.timestamp().nanos(), 6);
}

TEST(containerd_answers, stats) {
  runtime::Stats stats;
  stats.cpu = {.total = 1,
               .per_cpu = {2, 3},
               .kernel = 4,
               .user = 5,
               .periods = 6,
               .throttled_periods = 7,
               .throttled_time = 8,
               .system = 9};
  stats.memory.cache = 10;
  stats.memory.memory = {.usage = 11, .max = 12, .failcnt = 13, .limit = 14};
  stats.memory.swap.usage = 15;
  stats.memory.kernel.usage = 16;
  stats.memory.raw = {{"rss", 17}};
  stats.pids = {.current = 18, .limit = 19};
  stats.blkio.service_bytes = {{.major = 8, .minor = 1, .op = "Read", .value = 20}};
  stats.blkio.queued = {{.major = 8, .minor = 1, .op = "Write", .value = 21}};
  stats.blkio.sectors = {{.major = 8, .minor = 1, .op = "", .value = 22}};
  stats.hugetlb["2MB"] = {.usage = 23, .max = 24, .failcnt = 25, .limit = 26};
  const Result<types::StatsResponse> response = to_stats(
      {.timestamp = "1970-01-01T00:00:05.000000006Z", .data = runtime::format_stats(stats)});
  ASSERT_TRUE(response) << response.error().message();
  const types::CgroupStats& cgroup = response->cgroup_stats();
  const types::CpuStats& cpu = cgroup.cpu_stats();
  EXPECT_EQ(cpu.cpu_usage().total_usage(), 1U);
  EXPECT_EQ(cpu.cpu_usage().percpu_usage(1), 3U);
  EXPECT_EQ(cpu.cpu_usage().usage_in_kernelmode(), 4U);
  EXPECT_EQ(cpu.cpu_usage().usage_in_usermode(), 5U);
  EXPECT_EQ(cpu.throttling_data().periods(), 6U);
  EXPECT_EQ(cpu.throttling_data().throttled_periods(), 7U);
  EXPECT_EQ(cpu.throttling_data().throttled_time(), 8U);
  EXPECT_EQ(cpu.system_usage(), 9U);
  const types::MemoryStats& memory = cgroup.memory_stats();
  EXPECT_EQ(memory.cache(), 10U);
  EXPECT_EQ(memory.usage().usage(), 11U);
  EXPECT_EQ(memory.usage().max_usage(), 12U);
  EXPECT_EQ(memory.usage().failcnt(), 13U);
  EXPECT_EQ(memory.usage().limit(), 14U);
  EXPECT_EQ(memory.swap_usage().usage(), 15U);
  EXPECT_EQ(memory.kernel_usage().usage(), 16U);
  EXPECT_EQ(memory.stats().at("rss"), 17U);
  EXPECT_EQ(cgroup.pids_stats().current(), 18U);
  EXPECT_EQ(cgroup.pids_stats().limit(), 19U);
  const types::BlkioStats& blkio = cgroup.blkio_stats();
  EXPECT_EQ(blkio.io_service_bytes_recursive(0).major(), 8U);
  EXPECT_EQ(blkio.io_service_bytes_recursive(0).minor(), 1U);
  EXPECT_EQ(blkio.io_service_bytes_recursive(0).op(), "Read");
  EXPECT_EQ(blkio.io_service_bytes_recursive(0).value(), 20U);
  EXPECT_EQ(blkio.io_queued_recursive(0).value(), 21U);
  EXPECT_EQ(blkio.sectors_recursive(0).value(), 22U);
  const types::HugetlbStats& huge = cgroup.hugetlb_stats().at("2MB");
  EXPECT_EQ(huge.usage(), 23U);
  EXPECT_EQ(huge.max_usage(), 24U);
  EXPECT_EQ(huge.failcnt(), 25U);
  EXPECT_EQ(huge.limit(), 0U) << "never set";
  EXPECT_EQ(response->timestamp().seconds(), 5);
  EXPECT_EQ(response->timestamp().nanos(), 6);
}

TEST(containerd_answers, stats_always_have_every_part) {
  const Result<types::StatsResponse> response =
      to_stats({.timestamp = "", .data = state::Json::object()});
  ASSERT_TRUE(response);
  const types::CgroupStats& cgroup = response->cgroup_stats();
  EXPECT_TRUE(cgroup.has_cpu_stats() && cgroup.has_memory_stats() && cgroup.has_blkio_stats() &&
              cgroup.has_pids_stats());
  EXPECT_TRUE(cgroup.cpu_stats().has_cpu_usage() && cgroup.cpu_stats().has_throttling_data());
  EXPECT_TRUE(cgroup.memory_stats().has_usage() && cgroup.memory_stats().has_swap_usage() &&
              cgroup.memory_stats().has_kernel_usage());
}

}  // namespace
}  // namespace chock::supervisor::containerd
