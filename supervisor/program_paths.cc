// SPDX-License-Identifier: Apache-2.0
#include "supervisor/program_paths.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "common/sys/command.h"

namespace chock::supervisor {
namespace {

constexpr char kShimName[] = "chock-shim";

// Why `path` cannot be executed, in terms of errno; 0 if it can. `directory` is for one of these,
// which access(2) would let pass.
int obstacle_to(const std::string& path, int directory = EISDIR) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return errno;
  }
  if (S_ISDIR(info.st_mode)) {
    return directory;
  }
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

// Where a program is that the user has named: a path, or a name in PATH. Whatever is wrong is wrong
// with an input, so the Error has no number: ENOENT would mean that a container is missing.
Result<std::string> find_program(const char* operation, const std::string& chosen, int directory) {
  if (!chosen.contains('/')) {
    const std::optional<std::string> found = sys::find_executable(chosen);
    return found ? Result<std::string>(*found)
                 : input_error(operation, chosen, "not installed on system");
  }
  if (const int obstacle = obstacle_to(chosen, directory); obstacle != 0) {
    return input_error(operation, chosen, error_text(obstacle));
  }
  return absolute_path(chosen);
}

std::string own_directory() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string self(path.data(), static_cast<size_t>(size > 0 ? size : 0));
  return self.substr(0, self.rfind('/') + 1);
}

}  // namespace

Result<std::string> find_shim(const std::string& chosen) {
  if (!chosen.empty()) {
    return find_program("find shim", chosen, EISDIR);
  }
  for (const std::string& directory :
       {own_directory(), std::string(CHOCK_LIBEXEC_DIR "/"), std::string(CHOCK_BIN_DIR "/")}) {
    if (obstacle_to(directory + kShimName) == 0) {
      return directory + kShimName;
    }
  }
  return input_error("find shim", kShimName,
                     "neither beside chock nor in " CHOCK_LIBEXEC_DIR " or " CHOCK_BIN_DIR
                     "; use --shim");
}

Result<std::string> find_runtime(const std::string& chosen) {
  if (!chosen.empty()) {
    // Of a directory in the word of execve(2), which clients of the contract know.
    const std::string found = TRY(find_program(kFindRuntime, chosen, EACCES));
    // A bare name stays one, for state.json; a path must mean the same file to the shim.
    return chosen.contains('/') ? found : chosen;
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
