// SPDX-License-Identifier: Apache-2.0
// Control groups of both versions (cgroups(7)): where those of a process are, and the formats of
// their files. Parsing is total: what the kernel would not have written is passed over.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chock::sys {

// A directory with the files of a controller.
struct Cgroup {
  bool unified = false;  // version 2; the controller need not be enabled there
  std::string path;

  friend bool operator==(const Cgroup&, const Cgroup&) = default;
};

// The mounted hierarchies, as this process sees them.
class CgroupMounts {
 public:
  // Of this process, from its mountinfo; none if that cannot be read.
  [[nodiscard]] static CgroupMounts read();
  // From the text of a mountinfo, proc(5).
  [[nodiscard]] static CgroupMounts parse(std::string_view mountinfo);

  // Where `controller` has the process whose /proc/PID/cgroup is `text`. Nothing if its hierarchy
  // is not mounted, or not that part of it.
  [[nodiscard]] std::optional<Cgroup> find(std::string_view text,
                                           std::string_view controller) const;
  // The same in every hierarchy.
  [[nodiscard]] std::vector<Cgroup> all(std::string_view text) const;

 private:
  struct Mount {
    bool unified = false;
    std::vector<std::string> controllers;
    std::string root;   // the part of the hierarchy that is mounted
    std::string point;  // where
  };
  [[nodiscard]] std::optional<Cgroup> locate(std::string_view path, bool unified,
                                             std::string_view controller) const;

  std::vector<Mount> mounts_;
};

// The text of /proc/PID/cgroup; empty if there is no such process.
[[nodiscard]] std::string read_process_cgroups(pid_t pid);

// The words of each line that has any.
void for_each_line(std::string_view text,
                   const std::function<void(const std::vector<std::string_view>&)>& visit);

// What a file with a single number holds; "max" is the largest that there is.
[[nodiscard]] std::optional<uint64_t> parse_limit(std::string_view text);

// The number in the line "KEY N".
[[nodiscard]] std::optional<uint64_t> find_keyed(std::string_view text, std::string_view key);

// How often memory has run out, from memory.events (version 2) or memory.oom_control (version 1).
struct OomCounts {
  uint64_t limit_hits = 0;  // at the group's own limit; version 1 does not tell
  uint64_t kills = 0;       // in the group, whosever limit it was
  bool blocked = false;     // those that need memory wait, because nobody may be killed
};
[[nodiscard]] OomCounts parse_oom_counts(std::string_view text);

}  // namespace chock::sys
