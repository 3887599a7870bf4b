// SPDX-License-Identifier: Apache-2.0
// Closing an inotify descriptor waits for a grace period of the kernel's (13 to 20 ms, Linux 6.18),
// in which the loop would stand still; taking its watch away does not. So some are kept for the
// next that are needed. Not all: a user has 128 (inotify(7), max_user_instances), and others need
// some.
#include "supervisor/notice.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

namespace chock::supervisor {
namespace {

constexpr size_t kKept = 10;  // as many as there are starts at a time, if nobody says otherwise

std::vector<sys::UniqueFd>& kept() {
  static std::vector<sys::UniqueFd> descriptors;
  return descriptors;
}

sys::UniqueFd take_or_make() {
  if (kept().empty()) {
    return sys::UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  }
  sys::UniqueFd fd = std::move(kept().back());
  kept().pop_back();
  return fd;
}

std::string path_of(const sys::StateDir& dir) {
  return "/proc/self/fd/" + std::to_string(dir.fd());
}

}  // namespace

Result<Notice> Notice::of_files(const sys::StateDir& dir) {
  return begin(path_of(dir), IN_MOVED_TO | IN_CLOSE_WRITE, dir.path());
}

Result<Notice> Notice::of_closing(const sys::StateDir& dir, const std::string& name) {
  return begin(path_of(dir) + "/" + name, IN_CLOSE, dir.path_of(name));
}

Result<Notice> Notice::begin(const std::string& path, uint32_t events, const std::string& object) {
  sys::UniqueFd fd = take_or_make();
  if (!fd.valid()) {
    return system_error("watch", object);
  }
  const int watch = ::inotify_add_watch(fd.get(), path.c_str(), events);
  if (watch < 0) {
    return system_error("watch", object);
  }
  return Notice(std::move(fd), watch);
}

Notice::~Notice() {
  if (fd_.valid() && kept().size() < kKept) {
    ::inotify_rm_watch(fd_.get(),
                       watch_);  // what was watched may have been removed, and with it that
    drain();
    kept().push_back(std::move(fd_));
  }
}

void Notice::drain() const {
  alignas(inotify_event) std::array<char, 4096> events{};
  while (::read(fd_.get(), events.data(), events.size()) > 0) {
  }
}

}  // namespace chock::supervisor
