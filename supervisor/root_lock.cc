// SPDX-License-Identifier: Apache-2.0
#include "supervisor/root_lock.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>

#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/sys/pidfd.h"
#include "supervisor/notice.h"

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

// Whoever has announced itself last; 0 if nobody has.
pid_t announced_process(const sys::StateDir& root) {
  const state::Json json = read_announcement(root);
  return state::JsonReader(json, state::layout::kSupervisorLock).integer<pid_t>("pid");
}

bool lives(pid_t pid) {
  const Result<sys::Pidfd> process = sys::Pidfd::open(pid);
  return process && !process->ended();
}

// Before there is an event loop. As with a container's lock, the notice comes a moment before the
// lock is released, so it is not waited for alone.
void await_release(const Notice& notice) {
  constexpr int kRetryMs = 50;
  pollfd closed{.fd = notice.fd(), .events = POLLIN, .revents = 0};
  static_cast<void>(::poll(&closed, 1, kRetryMs));
}

}  // namespace

// A server that is killed in the middle of a vfork leaves a child that holds all its locks and
// sockets until it has executed, which takes a while on a busy machine: that is waited for, or the
// next server would be refused for the sake of a dead one.
Result<RootLock> RootLock::take(const sys::StateDir& root) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds kPatience{10};
  const Clock::time_point end = Clock::now() + kPatience;
  while (true) {
    std::optional<sys::LockFile> lock =
        TRY(sys::LockFile::try_lock(root, state::layout::kSupervisorLock));
    if (lock) {
      return RootLock(*std::move(lock));
    }
    const pid_t holder = announced_process(root);
    if (lives(holder) || Clock::now() >= end) {
      return input_error("serve", root.path(),
                         "served by process " + (holder == 0 ? "unknown" : std::to_string(holder)));
    }
    await_release(TRY(Notice::of_closing(root, state::layout::kSupervisorLock)));
  }
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
