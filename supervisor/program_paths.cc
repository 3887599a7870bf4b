// SPDX-License-Identifier: Apache-2.0
#include "supervisor/program_paths.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "common/sys/command.h"

namespace chock::supervisor {
namespace {

constexpr char kShimName[] = "chock-shim";

bool is_executable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

std::string own_directory() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string self(path.data(), static_cast<size_t>(size > 0 ? size : 0));
  return self.substr(0, self.rfind('/') + 1);
}

}  // namespace

Result<std::string> find_shim(const std::string& chosen) {
  if (!chosen.empty()) {
    const std::optional<std::string> found = sys::find_executable(chosen);
    if (!found || !is_executable(*found)) {
      return input_error("find shim", chosen, "not installed on system");
    }
    return absolute_path(*found);
  }
  for (const std::string& directory : {own_directory(), std::string(CHOCK_LIBEXEC_DIR "/")}) {
    if (is_executable(directory + kShimName)) {
      return directory + kShimName;
    }
  }
  return input_error("find shim", kShimName,
                     "neither beside chock nor in " CHOCK_LIBEXEC_DIR "; use --shim");
}

Result<std::string> find_runtime(const std::string& chosen) {
  if (chosen.contains('/')) {
    // It must mean the same file to the shim.
    return is_executable(chosen) ? absolute_path(chosen)
                                 : input_error(kFindRuntime, chosen, error_text(errno));
  }
  if (!chosen.empty()) {
    // A bare name stays one, for state.json.
    return sys::find_executable(chosen)
               ? Result<std::string>(chosen)
               : input_error(kFindRuntime, chosen, "not installed on system");
  }
  for (const char* name : {"runc", "crun"}) {
    if (sys::find_executable(name)) {
      return name;
    }
  }
  return input_error(kFindRuntime, "", "neither runc nor crun is in PATH; use --runtime");
}

Result<std::string> absolute_path(const std::string& path) {
  if (path.starts_with('/')) {
    return path;
  }
  std::array<char, PATH_MAX> directory{};
  if (::getcwd(directory.data(), directory.size()) == nullptr) {
    return system_error("find working directory");
  }
  return std::string(directory.data()) + "/" + path;
}

}  // namespace chock::supervisor
