// SPDX-License-Identifier: Apache-2.0
#include "common/sys/open_files.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "common/sys/state_dir.h"

namespace chock::sys {
namespace {

constexpr char kOwnFiles[] = "/proc/self/fd";

// What we were given, once it has been raised. The limit is the process's, so this is as well.
std::optional<rlimit>& given() {
  static std::optional<rlimit> limit;
  return limit;
}

}  // namespace

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return;
  }
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
    given() = limit;
  }
}

size_t open_file_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

size_t count_open_files() {
  // Linux 6.2 and later say it as the directory's size (proc(5)); before, it is 0.
  struct stat info{};
  if (::stat(kOwnFiles, &info) == 0 && info.st_size > 0) {
    return static_cast<size_t>(info.st_size);
  }
  const Result<StateDir> dir = StateDir::open(kOwnFiles);
  const auto entries = dir ? dir->list() : std::vector<StateDir::Entry>();
  constexpr size_t kForThis = 2;  // the directory, and the listing of it
  return entries && entries->size() > kForThis ? entries->size() - kForThis : open_file_limit();
}

bool has_open_files_to_spare() {
  constexpr size_t kMostNeeded = 512;
  const size_t limit = open_file_limit();
  return count_open_files() + std::min(limit / 4, kMostNeeded) < limit;
}

void restore_open_file_limit() {
  if (given()) {
    ::setrlimit(RLIMIT_NOFILE, &*given());
  }
}

}  // namespace chock::sys
