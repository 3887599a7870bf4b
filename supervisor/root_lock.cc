// SPDX-License-Identifier: Apache-2.0
#include "supervisor/root_lock.h"

#include <errno.h>
#include <unistd.h>

#include "common/state/json.h"
#include "common/state/layout.h"

namespace chock::supervisor {
namespace {

constexpr size_t kAnnouncementLimit = 8192;

// What the lock file says; an object without members if it says nothing that can be read.
state::Json read_announcement(const sys::StateDir& root) {
  const Result<std::optional<std::string>> text =
      root.read_file(state::layout::kSupervisorLock, kAnnouncementLimit);
  if (!text || !*text) {
    return state::Json::object();
  }
  Result<state::Json> json = state::parse_json(**text, state::layout::kSupervisorLock);
  return json ? *std::move(json) : state::Json::object();
}

}  // namespace

Result<RootLock> RootLock::take(const sys::StateDir& root) {
  std::optional<sys::LockFile> lock =
      TRY(sys::LockFile::try_lock(root, state::layout::kSupervisorLock));
  if (!lock) {
    const state::Json json = read_announcement(root);
    state::JsonReader reader(json, state::layout::kSupervisorLock);
    const pid_t holder = reader.integer<pid_t>("pid");
    return input_error("serve", root.path(),
                       "served by process " + (holder == 0 ? "unknown" : std::to_string(holder)));
  }
  return RootLock(*std::move(lock));
}

Result<void> RootLock::announce(const std::string& socket) const {
  const std::string text = state::format_json({{"pid", ::getpid()}, {"socket", socket}}) + "\n";
  if (::ftruncate(lock_.fd(), 0) != 0 ||
      ::pwrite(lock_.fd(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return system_error("write", state::layout::kSupervisorLock);
  }
  return {};
}

std::optional<std::string> announced_socket(const sys::StateDir& root) {
  const state::Json json = read_announcement(root);
  state::JsonReader reader(json, state::layout::kSupervisorLock);
  const std::string path = reader.string("socket");
  return path.empty() ? std::nullopt : std::optional(path);
}

}  // namespace chock::supervisor
