// SPDX-License-Identifier: Apache-2.0
#include "common/sys/proc.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "common/sys/unique_fd.h"

namespace chock::sys {
namespace {

constexpr size_t kProcFileLimit = 64UL * 1024;

// Counted from the field after the command name, which is number 3 in proc(5).
constexpr size_t kState = 0;
constexpr size_t kParent = 1;
constexpr size_t kStarttime = 19;
constexpr size_t kExitCode = 49;

std::vector<std::string_view> split_blanks(std::string_view text) {
  std::vector<std::string_view> fields;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    if (end > 0) {
      fields.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

}  // namespace

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return number;
}

std::optional<uint64_t> parse_trimmed_number(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return parse_number(text.substr(0, text.find_last_not_of(kBlanks) + 1));
}

std::optional<pid_t> parse_pid(std::string_view text) {
  const std::optional<uint64_t> number = parse_trimmed_number(text);
  if (!number || *number <= 1 || !std::in_range<pid_t>(*number)) {
    return std::nullopt;
  }
  return static_cast<pid_t>(*number);
}

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  const size_t name = text.find('(');
  const size_t paren = text.rfind(')');
  if (paren == std::string_view::npos || name >= paren) {
    return std::nullopt;
  }
  const std::vector<std::string_view> fields = split_blanks(text.substr(paren + 1));
  if (fields.size() <= kStarttime || fields[kState].size() != 1) {
    return std::nullopt;
  }
  const std::optional<uint64_t> parent = parse_number(fields[kParent]);
  const std::optional<uint64_t> starttime = parse_number(fields[kStarttime]);
  if (!parent || !starttime) {
    return std::nullopt;
  }
  const std::optional<uint64_t> status =
      fields.size() > kExitCode ? parse_number(fields[kExitCode]) : std::nullopt;
  return ProcessStat{.state = fields[kState][0],
                     .parent = static_cast<pid_t>(*parent),
                     .starttime = *starttime,
                     .command = std::string(text.substr(name + 1, paren - name - 1)),
                     .wait_status = static_cast<int>(status.value_or(0))};
}

Result<std::optional<ProcessStat>> read_process_stat(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) {
    return std::nullopt;
  }
  if (!fd.valid()) {
    return system_error("open", path);
  }
  Result<std::string> text = read_all(fd.get(), kProcFileLimit, path);
  if (!text && text.error().code == ESRCH) {
    return std::nullopt;  // it ended between open and read
  }
  if (!text) {
    return std::unexpected(std::move(text).error());
  }
  std::optional<ProcessStat> stat = parse_process_stat(*text);
  if (!stat) {
    return input_error("parse", path, "unexpected format");
  }
  return stat;
}

Result<std::string> read_oom_score_adj() {
  const UniqueFd fd(::open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return system_error("open", "/proc/self/oom_score_adj");
  }
  return read_all(fd.get(), kProcFileLimit, "/proc/self/oom_score_adj");
}

Result<void> write_oom_score_adj(std::string_view value) {
  const UniqueFd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return system_error("open", "/proc/self/oom_score_adj");
  }
  return write_all(fd.get(), value, "/proc/self/oom_score_adj");
}

}  // namespace chock::sys
