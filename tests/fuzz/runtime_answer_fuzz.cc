// SPDX-License-Identifier: Apache-2.0
// What a runtime answers to `ps`, `state` and `events --stats`: any bytes.
#include <algorithm>

#include "common/runtime/answer.h"
#include "common/runtime/stats.h"
#include "common/state/json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using chock::fuzz::check;
  using namespace chock;
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto pids = runtime::parse_pids(text)) {
    check(std::ranges::all_of(*pids, [](pid_t pid) { return pid > 0; }), "pids can be signalled");
  }
  if (const auto state = runtime::parse_state(text)) {
    check(state->pid >= 0, "a pid, or none");
  }
  if (const auto event = runtime::parse_stats_event(text)) {
    check(event->is_object(), "data is an object");
  }
  fuzz::check_stable(
      text,
      [](std::string_view event) {
        const auto parsed = runtime::parse_stats_event(event);
        return parsed ? runtime::parse_stats(*parsed) : std::unexpected(parsed.error());
      },
      [](const runtime::Stats& stats) {
        return R"({"data":)" + state::format_json(runtime::format_stats(stats)) + "}";
      });
  static_cast<void>(runtime::parse_system_usage(text, 100));  // only has to survive it
  return 0;
}
