// SPDX-License-Identifier: Apache-2.0
#include "common/sys/cgroup.h"

#include <algorithm>
#include <limits>

#include "common/sys/proc.h"
#include "common/sys/state_dir.h"

namespace chock::sys {
namespace {

constexpr size_t kMountinfoLimit = 16UL << 20U;
constexpr size_t kCgroupsLimit = 64UL << 10U;

std::string read_proc(const std::string& process, const char* name, size_t limit) {
  const Result<StateDir> dir = StateDir::open("/proc/" + process);
  const Result<std::optional<std::string>> text =
      dir ? dir->read_file(name, limit) : std::optional<std::string>();
  return text ? text->value_or("") : std::string();
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) {
      parts.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool has(const auto& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// Blanks and backslashes in paths are three octal digits in mountinfo.
std::string unescape(std::string_view text) {
  constexpr size_t kDigits = 3;
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, kDigits);
    if (text[i] == '\\' && digits.size() == kDigits && std::ranges::all_of(digits, is_octal)) {
      plain +=
          static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
      i += kDigits;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Where `path` of a hierarchy is, if a mount of its part `root` at `point` reaches it.
std::optional<std::string> resolve(const std::string& root, const std::string& point,
                                   std::string_view path) {
  if (!path.starts_with('/') || path.contains("/..")) {
    return std::nullopt;  // the latter is outside of our cgroup namespace
  }
  if (root == "/") {
    return point + std::string(path);
  }
  const bool below =
      path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
  return below ? std::optional(point + std::string(path.substr(root.size()))) : std::nullopt;
}

// "ID:CONTROLLERS:PATH"; version 2 has no controllers.
struct Membership {
  std::string_view controllers, path;
};
std::optional<Membership> parse_membership(std::string_view line) {
  const size_t first = line.find(':');
  const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  return Membership{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

// Of version 1 if that has the controller, else of version 2.
std::optional<Membership> find_membership(std::string_view text, std::string_view controller) {
  std::optional<Membership> unified;
  for (const std::string_view line : split(text, '\n')) {
    const std::optional<Membership> membership = parse_membership(line);
    if (!membership) {
      continue;
    }
    if (membership->controllers.empty()) {
      unified = membership;
    } else if (has(split(membership->controllers, ','), controller)) {
      return membership;
    }
  }
  return unified;
}

}  // namespace

CgroupMounts CgroupMounts::read() { return parse(read_proc("self", "mountinfo", kMountinfoLimit)); }

// "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER-OPTIONS"
CgroupMounts CgroupMounts::parse(std::string_view mountinfo) {
  constexpr size_t kRoot = 3;
  constexpr size_t kPoint = 4;
  constexpr size_t kAfterDash = 3;
  CgroupMounts mounts;
  for_each_line(mountinfo, [&mounts](const std::vector<std::string_view>& words) {
    const auto dash = std::ranges::find(words, "-");
    if (words.size() <= kPoint || words.end() - dash <= static_cast<ptrdiff_t>(kAfterDash)) {
      return;
    }
    const std::string_view type = dash[1];
    if (type != "cgroup" && type != "cgroup2") {
      return;
    }
    const std::vector<std::string_view> options = split(dash[kAfterDash], ',');
    mounts.mounts_.push_back({.unified = type == "cgroup2",
                              .controllers = {options.begin(), options.end()},
                              .root = unescape(words[kRoot]),
                              .point = unescape(words[kPoint])});
  });
  return mounts;
}

std::optional<Cgroup> CgroupMounts::find(std::string_view text, std::string_view controller) const {
  const std::optional<Membership> membership = find_membership(text, controller);
  return membership ? locate(membership->path, membership->controllers.empty(), controller)
                    : std::nullopt;
}

std::vector<Cgroup> CgroupMounts::all(std::string_view text) const {
  std::vector<Cgroup> found;
  for (const std::string_view line : split(text, '\n')) {
    const std::optional<Membership> membership = parse_membership(line);
    if (!membership) {
      continue;
    }
    // Any controller will do: those of a line are mounted together.
    const std::string_view controllers = membership->controllers;
    std::optional<Cgroup> group =
        locate(membership->path, controllers.empty(), controllers.substr(0, controllers.find(',')));
    if (group) {
      found.push_back(*std::move(group));
    }
  }
  return found;
}

std::optional<Cgroup> CgroupMounts::locate(std::string_view path, bool unified,
                                           std::string_view controller) const {
  for (const Mount& mount : mounts_) {
    if (mount.unified != unified || (!unified && !has(mount.controllers, controller))) {
      continue;
    }
    if (std::optional<std::string> there = resolve(mount.root, mount.point, path)) {
      return Cgroup{.unified = unified, .path = *std::move(there)};
    }
  }
  return std::nullopt;
}

std::string read_process_cgroups(pid_t pid) {
  return read_proc(std::to_string(pid), "cgroup", kCgroupsLimit);
}

void for_each_line(std::string_view text,
                   const std::function<void(const std::vector<std::string_view>&)>& visit) {
  for (const std::string_view line : split(text, '\n')) {
    if (const std::vector<std::string_view> words = split(line, ' '); !words.empty()) {
      visit(words);
    }
  }
}

std::optional<uint64_t> parse_limit(std::string_view text) {
  const std::string_view word = text.substr(0, text.find('\n'));
  return word == "max" ? std::numeric_limits<uint64_t>::max() : parse_number(word);
}

std::optional<uint64_t> find_keyed(std::string_view text, std::string_view key) {
  std::optional<uint64_t> found;
  for_each_line(text, [&](const std::vector<std::string_view>& words) {
    if (!found && words.size() == 2 && words[0] == key) {
      found = parse_number(words[1]);
    }
  });
  return found;
}

OomCounts parse_oom_counts(std::string_view text) {
  const auto number = [text](std::string_view key) { return find_keyed(text, key).value_or(0); };
  return {.limit_hits = number("oom"),
          .kills = number("oom_kill") + number("oom_group_kill"),
          .blocked = number("oom_kill_disable") != 0 && number("under_oom") != 0};
}

}  // namespace chock::sys
