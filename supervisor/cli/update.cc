// SPDX-License-Identifier: Apache-2.0
// `chock update`: other limits for a running container.
#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/units.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

// Amounts of memory, which may have units.
struct MemoryOption {
  const char* name;
  int64_t Resources::* field;
  const char* help;
};
constexpr std::array kMemoryOptions{
    MemoryOption{"--memory-limit", &Resources::memory_limit, "Memory"},
    MemoryOption{"--memory-reservation", &Resources::memory_reservation, "Soft limit of memory"},
    MemoryOption{"--memory-swap", &Resources::memory_swap, "Memory and swap together"},
    MemoryOption{"--kernel-limit", &Resources::kernel_memory, "Kernel memory"},
    MemoryOption{"--kernel-tcp-limit", &Resources::kernel_tcp_memory, "Kernel memory for TCP"},
};

struct UpdateOptions {
  UpdateRequest request;
  std::array<std::string, kMemoryOptions.size()> memory;
  int64_t cpu_shares = 0, cpu_period = 0, cpu_realtime_period = 0, blkio_weight = 0;
};

Result<void> take_numbers(UpdateOptions& options) {
  Resources& resources = options.request.resources;
  for (size_t i = 0; i < kMemoryOptions.size(); ++i) {
    if (!options.memory.at(i).empty()) {
      const auto& [name, field, help] = kMemoryOptions.at(i);
      resources.*field = TRY(parse_bytes(options.memory.at(i), name));
    }
  }
  resources.cpu_shares = static_cast<uint64_t>(options.cpu_shares);
  resources.cpu_period = static_cast<uint64_t>(options.cpu_period);
  resources.cpu_realtime_period = static_cast<uint64_t>(options.cpu_realtime_period);
  resources.blkio_weight = static_cast<uint16_t>(options.blkio_weight);
  return {};
}

int update(UpdateOptions& options, const GlobalOptions& globals) {
  if (const Result<void> taken = take_numbers(options); !taken) {
    return refuse(taken.error());
  }
  return carry_out(globals, {"update", format_request(options.request)});
}

Action declare_update(Options& options) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kLeastWeight = 10;
  constexpr int64_t kMostWeight = 1000;
  const auto values = std::make_shared<UpdateOptions>();
  Resources& resources = values->request.resources;
  declare_container(options, values->request);
  for (size_t i = 0; i < kMemoryOptions.size(); ++i) {
    options.text(kMemoryOptions.at(i).name, values->memory.at(i), "BYTES",
                 kMemoryOptions.at(i).help);
  }
  options.number("--cpu-shares", values->cpu_shares, {0, kMost}, "N", "Weight among others");
  options.number("--cpu-period", values->cpu_period, {0, kMost}, "USEC", "Period of the quota");
  options.number("--cpu-quota", resources.cpu_quota, {-1, kMost}, "USEC", "Time in each period");
  options.number("--cpu-realtime-period", values->cpu_realtime_period, {0, kMost}, "USEC",
                 "Period of the real-time quota");
  options.number("--cpu-realtime-runtime", resources.cpu_realtime_runtime, {-1, kMost}, "USEC",
                 "Real-time share of each period");
  options.text("--cpuset-cpus", resources.cpuset_cpus, "LIST", "Processors: 0-2,7");
  options.text("--cpuset-mems", resources.cpuset_mems, "LIST", "Memory nodes");
  options.number("--blkio-weight", values->blkio_weight, {kLeastWeight, kMostWeight}, "N",
                 "Weight of block I/O");
  options.number("--pids-limit", resources.pids_limit, {-1, kMost}, "N", "Number of processes");
  return [values](const GlobalOptions& globals) { return update(*values, globals); };
}

}  // namespace

const Verb kUpdate{.name = "update",
                   .words = "ID",
                   .summary = "Change the limits of a container",
                   .example = "chock update --memory-limit 512MiB --cpu-quota 50000 web1",
                   .declare = declare_update};

}  // namespace chock::supervisor::cli
