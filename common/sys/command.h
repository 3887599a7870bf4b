// SPDX-License-Identifier: Apache-2.0
// Command says what to run and how; spawn() runs it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/sys/pidfd.h"

namespace chock::sys {

struct Command {
  enum class Group { Inherit, Own };            // process group
  enum class ParentDeath { Survive, DieWith };  // SIGKILL when the spawning process dies

  std::string path;                      // executable; see find_executable
  std::vector<std::string> arguments;    // argv, with argv[0]
  std::string directory;                 // working directory; empty: ours
  std::array<int, 3> stdio{-1, -1, -1};  // what becomes 0, 1 and 2; borrowed; all must be valid
  Group group = Group::Inherit;
  ParentDeath parent_death = ParentDeath::Survive;
  std::optional<std::string> oom_score_adj;  // for the child; ours otherwise
};

// Resolves `name` as execvp(3) would: a name with a slash is taken as it is, any other is looked up
// in PATH. Nothing if PATH has no such executable.
[[nodiscard]] std::optional<std::string> find_executable(const std::string& name);

// Starts `command` with our environment, default signal dispositions and an empty signal mask;
// nothing but 0, 1 and 2 is inherited, provided that every descriptor of ours is close-on-exec.
// Returns once the new program runs. The Error of anything that failed on the way there, in the
// child too, reads "fork/exec PATH: reason" (containerd 0.2 contract).
[[nodiscard]] Result<Pidfd> spawn(const Command& command);

// Makes every descriptor from 3 on close-on-exec, whoever left it to us.
void close_on_exec_all();

}  // namespace chock::sys
