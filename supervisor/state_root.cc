// SPDX-License-Identifier: Apache-2.0
#include "supervisor/state_root.h"

#include <stdlib.h>
#include <unistd.h>

#include <memory>

#include "supervisor/make_directories.h"

namespace chock::supervisor {
namespace {

struct Free {
  void operator()(char* text) const { ::free(text); }
};

}  // namespace

Result<std::string> default_state_root() {
  if (::geteuid() == 0) {
    return "/run/chock";
  }
  const char* runtime_dir = ::getenv("XDG_RUNTIME_DIR");
  if (runtime_dir == nullptr || *runtime_dir != '/') {
    return input_error("choose state directory", "", "XDG_RUNTIME_DIR is not set; use --state-dir");
  }
  return std::string(runtime_dir) + "/chock";
}

Result<sys::StateDir> make_state_root(const std::string& path) {
  TRY(make_directories(path));
  return open_state_root(path);
}

Result<sys::StateDir> open_state_root(const std::string& path) {
  const std::unique_ptr<char, Free> canonical(::realpath(path.c_str(), nullptr));
  if (!canonical) {
    return system_error("open", path);
  }
  return sys::StateDir::open(canonical.get());
}

}  // namespace chock::supervisor
