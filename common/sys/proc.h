// SPDX-License-Identifier: Apache-2.0
// What /proc says about a process, and this process's own /proc switches.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace chock::sys {

struct ProcessStat {
  char state = '?';
  pid_t parent = 0;
  uint64_t starttime = 0;  // clock ticks since boot: with the pid, a process's identity
  std::string command;     // its command name
  int wait_status = 0;     // of a zombie; 0 also where we may not look, or the kernel is too old
};

// The text of /proc/PID/stat, proc(5). The command name in it is the process's own choice and may
// hold blanks and parentheses; what follows its last ')' is the kernel's.
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view text);

// Nothing if there is no such process.
[[nodiscard]] Result<std::optional<ProcessStat>> read_process_stat(pid_t pid);

// The decimal number that `text` is, as a whole; no sign, no blanks.
[[nodiscard]] std::optional<uint64_t> parse_number(std::string_view text);
// The same between blanks, for what others write, who may end it with a newline.
[[nodiscard]] std::optional<uint64_t> parse_trimmed_number(std::string_view text);
// Such a number that is a process's, and not that of pid 1, which is never one that was started.
[[nodiscard]] std::optional<pid_t> parse_pid(std::string_view text);

// This process's oom_score_adj as text, and setting it. Lowering it needs CAP_SYS_RESOURCE.
[[nodiscard]] Result<std::string> read_oom_score_adj();
[[nodiscard]] Result<void> write_oom_score_adj(std::string_view value);

}  // namespace chock::sys
