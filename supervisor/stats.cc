// SPDX-License-Identifier: Apache-2.0
// Stats: one reading of what a container uses. It changes nothing, so it waits for no turn.
#include "common/runtime/stats.h"

#include <unistd.h>

#include "common/runtime/answer.h"
#include "common/state/timestamp.h"
#include "supervisor/cgroup_stats.h"
#include "supervisor/co_try.h"
#include "supervisor/operations.h"
#include "supervisor/running.h"

namespace chock::supervisor {
namespace {

constexpr size_t kStatLimit = 1UL << 20U;  // of /proc/stat: a line per processor and per interrupt

uint64_t system_usage() {
  const Result<sys::StateDir> proc = sys::StateDir::open("/proc");
  const Result<std::optional<std::string>> text =
      proc ? proc->read_file("stat", kStatLimit) : std::optional<std::string>();
  const long ticks = ::sysconf(_SC_CLK_TCK);
  return text && *text && ticks > 0
             ? runtime::parse_system_usage(**text, static_cast<uint64_t>(ticks))
             : 0;
}

Awaitable<Result<runtime::Stats>> ask_runtime(const Running& container) {
  Order order{"stats", runtime::stats(container.runtime, container.id)};
  order.deadline = kQuestionDeadline;
  const Result<std::string> output = co_await run_on(container, std::move(order));
  CO_TRY(output);
  const Result<state::Json> data = runtime::parse_stats_event(*output);
  CO_TRY(data);
  co_return runtime::parse_stats(*data);
}

Result<runtime::Stats> ask_kernel(const Core& core, const Running& container) {
  runtime::Stats stats = read_cgroup_stats({core.cgroup_mounts, container.init.pid()});
  if (container.init.ended()) {  // and perhaps somebody else has had its number meanwhile
    return no_such_container("stats", container.id);
  }
  return stats;
}

}  // namespace

Awaitable<Result<StatsAnswer>> read_stats(SharedCore core, StatsRequest request) {
  const Result<Running> container = find_running(*core, "stats", request.id);
  CO_TRY(container);
  StatsAnswer answer{.timestamp = state::format_timestamp(state::wall_clock())};
  Result<runtime::Stats> stats = co_await ask_runtime(*container);
  if (!stats && runtime::says_unknown_verb(stats.error().detail)) {
    stats = ask_kernel(*core, *container);
  }
  CO_TRY(stats);
  stats->cpu.system = system_usage();
  answer.data = runtime::format_stats(*stats);
  co_return answer;
}

}  // namespace chock::supervisor
