// SPDX-License-Identifier: Apache-2.0
#include "supervisor/make_directories.h"

#include <errno.h>
#include <sys/stat.h>

namespace chock::supervisor {
namespace {

constexpr mode_t kMode = 0700;
constexpr mode_t kParentMode = 0755;

Result<void> make_one(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return system_error("mkdir", path);
  }
  return {};
}

}  // namespace

Result<void> make_directories(const std::string& path) {
  for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    TRY(make_one(path.substr(0, end), kParentMode));
  }
  return make_one(path, kMode);
}

}  // namespace chock::supervisor
