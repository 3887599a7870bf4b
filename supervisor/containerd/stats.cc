// SPDX-License-Identifier: Apache-2.0
// The readings of a container, number by number.
#include "common/runtime/stats.h"

#include "common/state/timestamp.h"
#include "supervisor/containerd/answers.h"
#include "supervisor/containerd/timestamp.h"

namespace chock::supervisor::containerd {
namespace {

using Entries = google::protobuf::RepeatedPtrField<types::BlkioStatsEntry>;

void set_cpu(types::CpuStats& to, const runtime::CpuStats& from) {
  types::CpuUsage& usage = *to.mutable_cpu_usage();
  usage.set_total_usage(from.total);
  usage.mutable_percpu_usage()->Add(from.per_cpu.begin(), from.per_cpu.end());
  usage.set_usage_in_kernelmode(from.kernel);
  usage.set_usage_in_usermode(from.user);
  types::ThrottlingData& throttling = *to.mutable_throttling_data();
  throttling.set_periods(from.periods);
  throttling.set_throttled_periods(from.throttled_periods);
  throttling.set_throttled_time(from.throttled_time);
  to.set_system_usage(from.system);
}

void set_memory_data(types::MemoryData& to, const runtime::MemoryUsage& from) {
  to.set_usage(from.usage);
  to.set_max_usage(from.max);
  to.set_failcnt(from.failcnt);
  to.set_limit(from.limit);
}

void set_memory(types::MemoryStats& to, const runtime::MemoryStats& from) {
  to.set_cache(from.cache);
  set_memory_data(*to.mutable_usage(), from.memory);
  set_memory_data(*to.mutable_swap_usage(), from.swap);
  set_memory_data(*to.mutable_kernel_usage(), from.kernel);
  to.mutable_stats()->insert(from.raw.begin(), from.raw.end());
}

void set_entries(Entries& to, const std::vector<runtime::BlkioEntry>& from) {
  for (const runtime::BlkioEntry& entry : from) {
    types::BlkioStatsEntry& added = *to.Add();
    added.set_major(entry.major);
    added.set_minor(entry.minor);
    added.set_op(entry.op);
    added.set_value(entry.value);
  }
}

void set_blkio(types::BlkioStats& to, const runtime::BlkioStats& from) {
  set_entries(*to.mutable_io_service_bytes_recursive(), from.service_bytes);
  set_entries(*to.mutable_io_serviced_recursive(), from.serviced);
  set_entries(*to.mutable_io_queued_recursive(), from.queued);
  set_entries(*to.mutable_io_service_time_recursive(), from.service_time);
  set_entries(*to.mutable_io_wait_time_recursive(), from.wait_time);
  set_entries(*to.mutable_io_merged_recursive(), from.merged);
  set_entries(*to.mutable_io_time_recursive(), from.time);
  set_entries(*to.mutable_sectors_recursive(), from.sectors);
}

void set_hugetlb(types::CgroupStats& to, const std::map<std::string, runtime::MemoryUsage>& from) {
  for (const auto& [size, usage] : from) {
    types::HugetlbStats& added = (*to.mutable_hugetlb_stats())[size];
    added.set_usage(usage.usage);
    added.set_max_usage(usage.max);
    added.set_failcnt(usage.failcnt);
  }
}

}  // namespace

Result<types::StatsResponse> to_stats(const StatsAnswer& answer) {
  const runtime::Stats stats = TRY(runtime::parse_stats(answer.data));
  types::StatsResponse response;
  types::CgroupStats& cgroup = *response.mutable_cgroup_stats();
  set_cpu(*cgroup.mutable_cpu_stats(), stats.cpu);
  set_memory(*cgroup.mutable_memory_stats(), stats.memory);
  set_blkio(*cgroup.mutable_blkio_stats(), stats.blkio);
  set_hugetlb(cgroup, stats.hugetlb);
  cgroup.mutable_pids_stats()->set_current(stats.pids.current);
  cgroup.mutable_pids_stats()->set_limit(stats.pids.limit);
  if (const std::optional<timespec> time = state::parse_timestamp(answer.timestamp)) {
    *response.mutable_timestamp() = to_protobuf(*time);
  }
  return response;
}

}  // namespace chock::supervisor::containerd
