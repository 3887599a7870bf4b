// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cgroup_stats.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/sys/proc.h"

namespace chock::supervisor {
namespace {

using runtime::BlkioEntry;
using runtime::BlkioStats;
using runtime::MemoryUsage;
using runtime::Stats;
using Words = std::vector<std::string_view>;

constexpr uint64_t kNanosecondsPerMicrosecond = 1000;
constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

struct IoKey {
  std::string_view key;
  const char* op;
  std::vector<BlkioEntry> BlkioStats::* list;
};
constexpr std::array kIoKeys{
    IoKey{"rbytes", "Read", &BlkioStats::service_bytes},
    IoKey{"wbytes", "Write", &BlkioStats::service_bytes},
    IoKey{"dbytes", "Discard", &BlkioStats::service_bytes},
    IoKey{"rios", "Read", &BlkioStats::serviced},
    IoKey{"wios", "Write", &BlkioStats::serviced},
    IoKey{"dios", "Discard", &BlkioStats::serviced},
};

// Nothing: the word is no device. The sums over all devices have none.
std::optional<BlkioEntry> parse_device(std::string_view word) {
  const size_t colon = std::min(word.find(':'), word.size());
  const auto major = sys::parse_number(word.substr(0, colon));
  const auto minor = sys::parse_number(word.substr(std::min(colon + 1, word.size())));
  return major && minor ? std::optional(BlkioEntry{.major = *major, .minor = *minor})
                        : std::nullopt;
}

uint64_t keyed(std::string_view text, std::string_view key) {
  return sys::find_keyed(text, key).value_or(0);
}

// -- Version 1, a directory per controller.

void read_cpuacct(const CgroupFiles& files, Stats& stats) {
  stats.cpu.total = files.number("cpuacct.usage");
  stats.cpu.user = files.number("cpuacct.usage_user");
  stats.cpu.kernel = files.number("cpuacct.usage_sys");
  sys::for_each_line(files.text("cpuacct.usage_percpu"), [&stats](const Words& words) {
    for (const std::string_view word : words) {
      stats.cpu.per_cpu.push_back(sys::parse_number(word).value_or(0));
    }
  });
}

void read_throttling(const CgroupFiles& files, Stats& stats) {
  const std::string text = files.text("cpu.stat");
  stats.cpu.periods = keyed(text, "nr_periods");
  stats.cpu.throttled_periods = keyed(text, "nr_throttled");
  stats.cpu.throttled_time = keyed(text, "throttled_time");
}

MemoryUsage read_usage(const CgroupFiles& files, const std::string& prefix) {
  return {.usage = files.number(prefix + ".usage_in_bytes"),
          .max = files.number(prefix + ".max_usage_in_bytes"),
          .failcnt = files.number(prefix + ".failcnt"),
          .limit = files.number(prefix + ".limit_in_bytes")};
}

uint64_t raw(const Stats& stats, const char* name) {
  const auto found = stats.memory.raw.find(name);
  return found == stats.memory.raw.end() ? 0 : found->second;
}

void read_raw(const CgroupFiles& files, Stats& stats) {
  sys::for_each_line(files.text("memory.stat"), [&stats](const Words& words) {
    const auto value = words.size() == 2 ? sys::parse_number(words[1]) : std::nullopt;
    if (value) {
      stats.memory.raw[std::string(words[0])] = *value;
    }
  });
}

void read_memory(const CgroupFiles& files, Stats& stats) {
  stats.memory.memory = read_usage(files, "memory");
  stats.memory.swap = read_usage(files, "memory.memsw");
  stats.memory.kernel = read_usage(files, "memory.kmem");
  read_raw(files, stats);
  stats.memory.cache = raw(stats, "cache");
}

// Only some schedulers account for themselves; the throttling layer always does.
void read_blkio(const CgroupFiles& files, Stats& stats) {
  const std::string bfq = "blkio.bfq.io_service_bytes_recursive";
  const std::string prefix = files.text(bfq).contains(':') ? "blkio.bfq." : "blkio.throttle.";
  const struct {
    const char* name;
    std::vector<BlkioEntry>& entries;
  } lists[] = {
      {"io_service_bytes_recursive", stats.blkio.service_bytes},
      {"io_serviced_recursive", stats.blkio.serviced},
      {"io_queued_recursive", stats.blkio.queued},
      {"io_service_time_recursive", stats.blkio.service_time},
      {"io_wait_time_recursive", stats.blkio.wait_time},
      {"io_merged_recursive", stats.blkio.merged},
      {"time_recursive", stats.blkio.time},
      {"sectors_recursive", stats.blkio.sectors},
  };
  for (const auto& list : lists) {
    list.entries = parse_device_counts(files.text(prefix + list.name));
  }
}

// -- Version 2, one directory for all.

void read_unified_cpu(const CgroupFiles& files, Stats& stats) {
  const std::string text = files.text("cpu.stat");
  stats.cpu.total = keyed(text, "usage_usec") * kNanosecondsPerMicrosecond;
  stats.cpu.user = keyed(text, "user_usec") * kNanosecondsPerMicrosecond;
  stats.cpu.kernel = keyed(text, "system_usec") * kNanosecondsPerMicrosecond;
}

void read_unified_throttling(const CgroupFiles& files, Stats& stats) {
  const std::string text = files.text("cpu.stat");
  stats.cpu.periods = keyed(text, "nr_periods");
  stats.cpu.throttled_periods = keyed(text, "nr_throttled");
  stats.cpu.throttled_time = keyed(text, "throttled_usec") * kNanosecondsPerMicrosecond;
}

uint64_t sum(uint64_t a, uint64_t b) { return a > kNoLimit - b ? kNoLimit : a + b; }

// In version 1 "swap" is what is in memory and what is swapped, so it is here.
void read_unified_memory(const CgroupFiles& files, Stats& stats) {
  MemoryUsage& memory = stats.memory.memory;
  memory = {.usage = files.number("memory.current"),
            .max = files.number("memory.peak"),
            .failcnt = keyed(files.text("memory.events"), "max"),
            .limit = files.number("memory.max")};
  stats.memory.swap = {.usage = sum(memory.usage, files.number("memory.swap.current")),
                       .failcnt = keyed(files.text("memory.swap.events"), "max"),
                       .limit = sum(memory.limit, files.number("memory.swap.max"))};
  read_raw(files, stats);
  stats.memory.kernel.usage = raw(stats, "kernel");
  stats.memory.cache = raw(stats, "file");
}

void read_unified_io(const CgroupFiles& files, Stats& stats) {
  stats.blkio = parse_io_stat(files.text("io.stat"));
}

// -- The same in both, but for the names.

void read_pids(const CgroupFiles& files, Stats& stats) {
  const uint64_t limit = files.number("pids.max");
  stats.pids = {.current = files.number("pids.current"), .limit = limit == kNoLimit ? 0 : limit};
}

// The sizes are in the names: "hugetlb.2MB.usage_in_bytes".
void read_hugetlb(const CgroupFiles& files, Stats& stats, std::string_view ending) {
  constexpr std::string_view kHead = "hugetlb.";
  for (const sys::StateDir::Entry& entry : files.list()) {
    const std::string_view name = entry.name;
    if (!name.starts_with(kHead) || !name.ends_with(ending) || name.contains(".rsvd.")) {
      continue;
    }
    const std::string prefix(name.substr(0, name.size() - ending.size()));
    MemoryUsage usage = read_usage(files, prefix);
    usage.limit = 0;  // not part of the contract
    if (ending == ".current") {
      usage = {.usage = files.number(entry.name),
               .failcnt = keyed(files.text(prefix + ".events"), "max")};
    }
    stats.hugetlb[prefix.substr(kHead.size())] = usage;
  }
}

void read_hugetlb_v1(const CgroupFiles& files, Stats& stats) {
  read_hugetlb(files, stats, ".usage_in_bytes");
}

void read_unified_hugetlb(const CgroupFiles& files, Stats& stats) {
  read_hugetlb(files, stats, ".current");
}

struct Controller {
  const char* name;  // of version 1
  void (*read)(const CgroupFiles&, Stats&);
  void (*read_unified)(const CgroupFiles&, Stats&);
};
constexpr std::array kControllers{
    Controller{"cpuacct", read_cpuacct, read_unified_cpu},
    Controller{"cpu", read_throttling, read_unified_throttling},
    Controller{"memory", read_memory, read_unified_memory},
    Controller{"blkio", read_blkio, read_unified_io},
    Controller{"pids", read_pids, read_pids},
    Controller{"hugetlb", read_hugetlb_v1, read_unified_hugetlb},
};

}  // namespace

std::vector<BlkioEntry> parse_device_counts(std::string_view text) {
  std::vector<BlkioEntry> entries;
  sys::for_each_line(text, [&entries](const Words& words) {
    std::optional<BlkioEntry> entry = parse_device(words.front());
    const auto value = sys::parse_number(words.back());
    if (entry && value) {
      entry->op = words.size() > 2 ? words[1] : std::string_view();
      entry->value = *value;
      entries.push_back(*std::move(entry));
    }
  });
  return entries;
}

BlkioStats parse_io_stat(std::string_view text) {
  BlkioStats stats;
  sys::for_each_line(text, [&stats](const Words& words) {
    const std::optional<BlkioEntry> device = parse_device(words.front());
    for (const std::string_view word : words) {
      const size_t equals = std::min(word.find('='), word.size());
      const auto* known = std::ranges::find(kIoKeys, word.substr(0, equals), &IoKey::key);
      const auto value = sys::parse_number(word.substr(std::min(equals + 1, word.size())));
      if (device && known != kIoKeys.end() && value) {
        (stats.*known->list).push_back({device->major, device->minor, known->op, *value});
      }
    }
  });
  return stats;
}

Stats read_cgroup_stats(const ContainerCgroups& cgroups) {
  Stats stats;
  for (const Controller& controller : kControllers) {
    if (const std::optional<sys::Cgroup> cgroup = cgroups.find(controller.name)) {
      const CgroupFiles files(cgroup->path);
      (cgroup->unified ? controller.read_unified : controller.read)(files, stats);
    }
  }
  return stats;
}

}  // namespace chock::supervisor
