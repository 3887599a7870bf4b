// SPDX-License-Identifier: Apache-2.0
// What a container uses: the numbers of the containerd 0.2 contract, in the JSON form that runc's
// `events --stats` has made common.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/state/json_fwd.h"

namespace chock::runtime {

struct CpuStats {
  uint64_t total = 0;  // nanoseconds, here and below
  std::vector<uint64_t> per_cpu;
  uint64_t kernel = 0;
  uint64_t user = 0;
  uint64_t periods = 0;  // of the bandwidth limit
  uint64_t throttled_periods = 0;
  uint64_t throttled_time = 0;
  uint64_t system = 0;  // of the whole machine, idle time included; 0: not known
};

// Bytes, or pages of a size.
struct MemoryUsage {
  uint64_t usage = 0;
  uint64_t max = 0;
  uint64_t failcnt = 0;
  uint64_t limit = 0;  // 0: not known

  friend bool operator==(const MemoryUsage&, const MemoryUsage&) = default;
};

struct MemoryStats {
  uint64_t cache = 0;
  MemoryUsage memory, swap, kernel;
  std::map<std::string, uint64_t> raw;  // memory.stat
};

struct PidsStats {
  uint64_t current = 0;
  uint64_t limit = 0;  // 0: none
};

struct BlkioEntry {
  uint64_t major = 0;
  uint64_t minor = 0;
  std::string op;
  uint64_t value = 0;

  friend bool operator==(const BlkioEntry&, const BlkioEntry&) = default;
};
struct BlkioStats {
  std::vector<BlkioEntry> service_bytes, serviced, queued, service_time, wait_time, merged, time,
      sectors;
};

struct Stats {
  CpuStats cpu;
  MemoryStats memory;
  PidsStats pids;
  BlkioStats blkio;
  std::map<std::string, MemoryUsage> hugetlb;  // by page size, "2MB"
};

// From the `data` of an event, unknown keys ignored. `cpu.systemUsage` is ours.
[[nodiscard]] Result<Stats> parse_stats(const state::Json& data);
[[nodiscard]] state::Json format_stats(const Stats& stats);

// The time that all processors have spent in any state but as guests, in nanoseconds, from the text
// of /proc/stat (proc(5)) with `ticks_per_second`; 0 if the text does not say.
[[nodiscard]] uint64_t parse_system_usage(std::string_view proc_stat, uint64_t ticks_per_second);

}  // namespace chock::runtime
