// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/stats.h"

#include <array>

#include "common/state/json.h"
#include "common/sys/proc.h"

namespace chock::runtime {
namespace {

using state::Json;
using state::JsonReader;

// runc's keys in the order of the contract's lists.
struct BlkioList {
  const char* key;
  std::vector<BlkioEntry> BlkioStats::* list;
};
constexpr std::array kBlkioLists{
    BlkioList{"ioServiceBytesRecursive", &BlkioStats::service_bytes},
    BlkioList{"ioServicedRecursive", &BlkioStats::serviced},
    BlkioList{"ioQueueRecursive", &BlkioStats::queued},
    BlkioList{"ioServiceTimeRecursive", &BlkioStats::service_time},
    BlkioList{"ioWaitTimeRecursive", &BlkioStats::wait_time},
    BlkioList{"ioMergedRecursive", &BlkioStats::merged},
    BlkioList{"ioTimeRecursive", &BlkioStats::time},
    BlkioList{"sectorsRecursive", &BlkioStats::sectors},
};

void read_cpu(JsonReader& reader, CpuStats& cpu) {
  reader.object("usage", [&cpu](JsonReader& usage) {
    cpu.total = usage.integer<uint64_t>("total");
    cpu.per_cpu = usage.integers<uint64_t>("percpu");
    cpu.kernel = usage.integer<uint64_t>("kernel");
    cpu.user = usage.integer<uint64_t>("user");
  });
  reader.object("throttling", [&cpu](JsonReader& throttling) {
    cpu.periods = throttling.integer<uint64_t>("periods");
    cpu.throttled_periods = throttling.integer<uint64_t>("throttledPeriods");
    cpu.throttled_time = throttling.integer<uint64_t>("throttledTime");
  });
  cpu.system = reader.integer<uint64_t>("systemUsage");
}

MemoryUsage read_usage(JsonReader& reader) {
  return {.usage = reader.integer<uint64_t>("usage"),
          .max = reader.integer<uint64_t>("max"),
          .failcnt = reader.integer<uint64_t>("failcnt"),
          .limit = reader.integer<uint64_t>("limit")};
}

void read_usage_at(JsonReader& reader, std::string_view key, MemoryUsage& usage) {
  reader.object(key, [&usage](JsonReader& in) { usage = read_usage(in); });
}

// The names in an object whose keys are data.
std::vector<std::string> names_at(const JsonReader& reader, std::string_view key) {
  std::vector<std::string> names;
  const Json* value = reader.find(key);
  if (value != nullptr && value->is_object()) {
    for (const auto& [name, member] : value->items()) {
      names.push_back(name);
    }
  }
  return names;
}

void read_memory(JsonReader& reader, MemoryStats& memory) {
  memory.cache = reader.integer<uint64_t>("cache");
  read_usage_at(reader, "usage", memory.memory);
  read_usage_at(reader, "swap", memory.swap);
  read_usage_at(reader, "kernel", memory.kernel);
  const std::vector<std::string> names = names_at(reader, "raw");
  reader.object("raw", [&](JsonReader& raw) {
    for (const std::string& name : names) {
      memory.raw[name] = raw.integer<uint64_t>(name);
    }
  });
}

void read_blkio(JsonReader& reader, BlkioStats& blkio) {
  for (const BlkioList& list : kBlkioLists) {
    reader.objects(list.key, [&](JsonReader& entry) {
      (blkio.*list.list)
          .push_back({.major = entry.integer<uint64_t>("major"),
                      .minor = entry.integer<uint64_t>("minor"),
                      .op = entry.string("op"),
                      .value = entry.integer<uint64_t>("value")});
    });
  }
}

Json format_usage(const MemoryUsage& usage) {
  return {{"usage", usage.usage},
          {"max", usage.max},
          {"failcnt", usage.failcnt},
          {"limit", usage.limit}};
}

Json format_cpu(const CpuStats& cpu) {
  return {
      {"usage",
       {{"total", cpu.total}, {"percpu", cpu.per_cpu}, {"kernel", cpu.kernel}, {"user", cpu.user}}},
      {"throttling",
       {{"periods", cpu.periods},
        {"throttledPeriods", cpu.throttled_periods},
        {"throttledTime", cpu.throttled_time}}},
      {"systemUsage", cpu.system}};
}

Json format_memory(const MemoryStats& memory) {
  Json raw = Json::object();
  for (const auto& [name, value] : memory.raw) {
    raw[name] = value;
  }
  return {{"cache", memory.cache},
          {"usage", format_usage(memory.memory)},
          {"swap", format_usage(memory.swap)},
          {"kernel", format_usage(memory.kernel)},
          {"raw", std::move(raw)}};
}

Json format_blkio(const BlkioStats& blkio) {
  Json object = Json::object();
  for (const BlkioList& list : kBlkioLists) {
    Json entries = Json::array();
    for (const BlkioEntry& entry : blkio.*list.list) {
      entries.push_back({{"major", entry.major},
                         {"minor", entry.minor},
                         {"op", entry.op},
                         {"value", entry.value}});
    }
    object[list.key] = std::move(entries);
  }
  return object;
}

}  // namespace

Result<Stats> parse_stats(const Json& data) {
  Stats stats;
  JsonReader reader(data, "statistics");
  reader.object("cpu", [&stats](JsonReader& in) { read_cpu(in, stats.cpu); });
  reader.object("memory", [&stats](JsonReader& in) { read_memory(in, stats.memory); });
  reader.object("pids", [&stats](JsonReader& in) {
    stats.pids = {.current = in.integer<uint64_t>("current"),
                  .limit = in.integer<uint64_t>("limit")};
  });
  reader.object("blkio", [&stats](JsonReader& in) { read_blkio(in, stats.blkio); });
  const std::vector<std::string> sizes = names_at(reader, "hugetlb");
  reader.object("hugetlb", [&](JsonReader& in) {
    for (const std::string& size : sizes) {
      read_usage_at(in, size, stats.hugetlb[size]);
    }
  });
  TRY(reader.check());
  return stats;
}

Json format_stats(const Stats& stats) {
  Json hugetlb = Json::object();
  for (const auto& [size, usage] : stats.hugetlb) {
    hugetlb[size] = format_usage(usage);
  }
  return {{"cpu", format_cpu(stats.cpu)},
          {"memory", format_memory(stats.memory)},
          {"pids", {{"current", stats.pids.current}, {"limit", stats.pids.limit}}},
          {"blkio", format_blkio(stats.blkio)},
          {"hugetlb", std::move(hugetlb)}};
}

uint64_t parse_system_usage(std::string_view proc_stat, uint64_t ticks_per_second) {
  // user, nice, system, idle, iowait, irq and softirq; what follows are guests, which are in user
  // already, and time that was never ours.
  constexpr size_t kFields = 7;
  constexpr std::string_view kHead = "cpu ";
  constexpr uint64_t kNanoseconds = 1'000'000'000;
  if (!proc_stat.starts_with(kHead) || ticks_per_second == 0) {
    return 0;
  }
  std::string_view line = proc_stat.substr(kHead.size(), proc_stat.find('\n') - kHead.size());
  uint64_t ticks = 0;
  for (size_t field = 0; field < kFields; ++field) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const size_t end = std::min(line.find(' '), line.size());
    const std::optional<uint64_t> number = sys::parse_number(line.substr(0, end));
    if (!number) {
      return 0;
    }
    ticks += *number;
    line.remove_prefix(end);
  }
  return ticks * (kNanoseconds / ticks_per_second);
}

}  // namespace chock::runtime
