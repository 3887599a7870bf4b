// SPDX-License-Identifier: Apache-2.0
// Understanding what an OCI runtime says. Runtimes have no error codes, only words. Total: any
// bytes are read or refused.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/state/json_fwd.h"
#include "common/sys/exit_status.h"

namespace chock::runtime {

inline constexpr size_t kAnswerLimit = 1UL << 20U;  // bytes; a longer answer is refused

// The id of a failed create or restore belongs to another container (runc, crun and youki).
[[nodiscard]] bool says_id_taken(std::string_view message);

// A runtime without the verb that it was asked for: crun and `events`.
[[nodiscard]] bool says_unknown_verb(std::string_view message);

// Of `ps --format=json`: every process of the container, by its number on the host.
[[nodiscard]] Result<std::vector<pid_t>> parse_pids(std::string_view text);

// Of `state`.
struct RuntimeState {
  enum class Status { Creating, Created, Running, Paused, Stopped, Other };
  Status status = Status::Other;
  pid_t pid = 0;  // of init on the host; 0: it has none any more
  std::string bundle;
  std::optional<timespec> created;  // on the wall clock
};
[[nodiscard]] Result<RuntimeState> parse_state(std::string_view text);

// Whether `state`, which has said `text` and ended like that, leaves open that the id is another
// container's than the one that somebody began to make of `bundle` at `begun`, on the wall clock
// (D6). Runtimes fail if there is no container: nobody's is no other's.
[[nodiscard]] bool may_be_foreign(const sys::ExitStatus& status, std::string_view text,
                                  const std::string& bundle, const timespec& begun);

// Of `events --stats`: its `data`, which is an object.
[[nodiscard]] Result<state::Json> parse_stats_event(std::string_view text);

}  // namespace chock::runtime
