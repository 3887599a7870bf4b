// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/start_fifo.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace chock::runtime {
namespace {

constexpr std::string_view kFifoName = "/exec.fifo";
// A runtime has a dozen. Whoever only looks like one must not keep us.
constexpr int kMostEntries = 256;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Reads the link into `target`; whether that is the fifo. One that does not fit is not, and neither
// is one that has been removed: "(deleted)" follows its name (proc(5)).
bool leads_to_fifo(int directory, const char* name, std::string& target) {
  target.resize(PATH_MAX);
  const ssize_t length = ::readlinkat(directory, name, target.data(), target.size());
  target.resize(static_cast<size_t>(std::max<ssize_t>(length, 0)));
  return target.ends_with(kFifoName);
}

}  // namespace

// By init's own descriptors, because where a runtime keeps its fifos is its own business.
Result<std::optional<std::string>> find_start_fifo(pid_t init) {
  const std::string path = "/proc/" + std::to_string(init) + "/fd";
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) {
    return system_error("open", path);
  }
  std::string target;
  for (int left = kMostEntries; left > 0; --left) {
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) {
      break;
    }
    if (leads_to_fifo(::dirfd(directory.get()), entry->d_name, target)) {
      return target;
    }
  }
  return std::nullopt;
}

}  // namespace chock::runtime
