// SPDX-License-Identifier: Apache-2.0
// `chock stats`: what a container uses, once or every second.
#include "common/runtime/stats.h"

#include <errno.h>

#include <memory>

#include "common/state/timestamp.h"
#include "supervisor/cli/backend.h"
#include "supervisor/cli/loop.h"
#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/table.h"
#include "supervisor/cli/units.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

using state::Json;

struct StatsOptions {
  StatsRequest request;
  bool follow = false;
  int64_t interval = 1;  // seconds
};

std::string of_limit(const std::string& used, const std::string& limit) {
  return used + " / " + limit;
}

// What is next to no limit is how kernels say that there is none.
std::string describe_memory(const runtime::MemoryUsage& memory) {
  constexpr uint64_t kUnlimited = uint64_t{1} << 60U;
  const bool limited = memory.limit != 0 && memory.limit < kUnlimited;
  return of_limit(format_bytes(memory.usage), limited ? format_bytes(memory.limit) : "-");
}

std::vector<Table::Cell> cells_of(const std::string& id, const runtime::Stats& stats) {
  const auto seconds = [](uint64_t time) {
    constexpr uint64_t kMilliseconds = 1'000'000;
    const std::string milliseconds = std::to_string(time / kMilliseconds % 1000);
    return std::to_string(time / kMilliseconds / 1000) + "." +
           std::string(3 - milliseconds.size(), '0') + milliseconds + "s";
  };
  const runtime::PidsStats& pids = stats.pids;
  return {
      {id},
      {seconds(stats.cpu.total)},
      {seconds(stats.cpu.user)},
      {seconds(stats.cpu.kernel)},
      {describe_memory(stats.memory.memory)},
      {of_limit(std::to_string(pids.current), pids.limit == 0 ? "-" : std::to_string(pids.limit))}};
}

Table make_table(const std::string& id) {
  using enum Table::Align;
  return Table({{"ID", Left, id.size()},
                {"CPU TIME", Right, 12},
                {"USER", Right, 12},
                {"KERNEL", Right, 12},
                {"MEMORY", Right, 22},
                {"PROCESSES", Right, 12}});
}

std::string describe(const std::string& id, const Json& answer, Table::Titles titles) {
  Table table = make_table(id);
  const auto data = answer.find("data");
  const Result<runtime::Stats> stats = runtime::parse_stats(data == answer.end() ? Json() : *data);
  table.add_row(cells_of(id, stats ? *stats : runtime::Stats()));
  return table.format(colours_of_stdout(), titles);
}

// Until the container has ended; then there is nothing to read and nothing wrong.
Awaitable<int> follow(asio::any_io_executor executor, const GlobalOptions& globals,
                      const StatsOptions& options) {
  Result<Backend> backend = Backend::open(executor, globals, {"stats", options.request.id});
  if (!backend) {
    co_return refuse(backend.error());
  }
  for (size_t count = 0;; ++count) {
    const Result<Json> answer = co_await backend->call("stats", format_request(options.request));
    if (!answer) {
      co_return answer.error().code == ESRCH&& count > 0 ? 0 : refuse(answer.error());
    }
    const auto titles = count == 0 ? Table::Titles::Shown : Table::Titles::Hidden;
    const int code = print(globals.json ? state::format_json(*answer) + "\n"
                                        : describe(options.request.id, *answer, titles));
    if (code != 0) {
      co_return code;
    }
    co_await pause_for(std::chrono::seconds(options.interval));
  }
}

int stats(const StatsOptions& options, const GlobalOptions& globals) {
  if (options.follow) {
    return run_loop(
        [&](const asio::any_io_executor& executor) { return follow(executor, globals, options); });
  }
  return carry_out(globals, {"stats", format_request(options.request)},
                   [id = options.request.id](const Json& answer) {
                     return describe(id, answer, Table::Titles::Shown);
                   });
}

Action declare_stats(Options& options) {
  constexpr int64_t kLongestInterval = 86400;
  const auto values = std::make_shared<StatsOptions>();
  declare_container(options, values->request);
  options.flag("-f,--follow", values->follow, "Again and again, until it has ended");
  options.number("--interval", values->interval, {1, kLongestInterval}, "SECONDS",
                 "Between readings");
  return [values](const GlobalOptions& globals) { return stats(*values, globals); };
}

}  // namespace

const Verb kStats{.name = "stats",
                  .words = "ID",
                  .summary = "Tell what a container uses",
                  .example = "chock stats --follow web1",
                  .declare = declare_stats};

}  // namespace chock::supervisor::cli
