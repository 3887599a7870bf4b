// SPDX-License-Identifier: Apache-2.0
#include "supervisor/oom_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace chock::supervisor {
namespace {

constexpr char kEvents[] = "memory.events";
constexpr char kOomControl[] = "memory.oom_control";
constexpr char kEventControl[] = "cgroup.event_control";

// Version 1: an eventfd that the kernel signals whenever memory runs out in the group or above it,
// and once more when the group is removed (Documentation/admin-guide/cgroup-v1/memory.rst, 10).
Result<sys::UniqueFd> register_eventfd(const sys::StateDir& dir) {
  sys::UniqueFd signals(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals.valid()) {
    return system_error("make eventfd");
  }
  const sys::UniqueFd subject = TRY(dir.open_entry(kOomControl, O_RDONLY));
  const sys::UniqueFd control = TRY(dir.open_entry(kEventControl, O_WRONLY));
  const std::string order = std::to_string(signals.get()) + " " + std::to_string(subject.get());
  TRY(sys::write_all(control.get(), order, dir.path_of(kEventControl)));
  return signals;
}

// A read from the start gives the present numbers, and makes the next change an event (kernfs).
std::optional<std::string> read_from_start(int fd) {
  std::array<char, 4096> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  return count < 0 ? std::nullopt
                   : std::optional(std::string(text.data(), static_cast<size_t>(count)));
}

// Version 1 does not count what the own limit has led to, and has stopped to count how often it was
// hit (memory.failcnt is 0 on Linux 6.18). But a container that has never come as near to it as the
// largest request for which the kernel kills was killed for somebody else's.
bool has_reached(const CgroupFiles& files, const std::string& prefix) {
  constexpr uint64_t kLargestRequest = 1U << 3U;  // pages: PAGE_ALLOC_COSTLY_ORDER
  const uint64_t margin = kLargestRequest * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t limit = files.number(prefix + ".limit_in_bytes");
  return limit > 0 &&
         files.number(prefix + ".max_usage_in_bytes") >= limit - std::min(limit, margin);
}

bool has_reached_limit(const CgroupFiles& files) {
  return has_reached(files, "memory") || has_reached(files, "memory.memsw");
}

}  // namespace

Result<std::optional<OomWatch>> OomWatch::arm(const ContainerCgroups& cgroups) {
  const std::optional<sys::Cgroup> cgroup = cgroups.find("memory");
  if (!cgroup) {
    return std::nullopt;
  }
  const sys::StateDir dir = TRY(sys::StateDir::open(cgroup->path));
  Result<sys::UniqueFd> hints =
      cgroup->unified ? dir.open_entry(kEvents, O_RDONLY) : register_eventfd(dir);
  if (!hints && hints.error().code == ENOENT) {
    return std::nullopt;  // the controller is not enabled
  }
  OomWatch watch(*cgroup, TRY(std::move(hints)));
  watch.reported_ = watch.read_counts().value_or(sys::OomCounts{});
  return watch;
}

Awaitable<void> OomWatch::hint() const {
  if (cgroup_.unified) {
    co_await changed(hints_.get());
  } else {
    co_await readable(hints_.get());
  }
}

uint64_t OomWatch::take_signals() const {
  uint64_t count = 0;
  const bool any = !cgroup_.unified && ::read(hints_.get(), &count, sizeof count) == sizeof count;
  return any ? count : 0;
}

std::optional<sys::OomCounts> OomWatch::read_counts() const {
  const std::optional<std::string> text = cgroup_.unified
                                              ? read_from_start(hints_.get())
                                              : CgroupFiles(cgroup_.path).content(kOomControl);
  return text ? std::optional(sys::parse_oom_counts(*text)) : std::nullopt;
}

OomWatch::Limit OomWatch::whose_limit(const sys::OomCounts& now) const {
  const bool own = cgroup_.unified ? now.limit_hits > reported_.limit_hits
                                   : has_reached_limit(CgroupFiles(cgroup_.path));
  return own ? Limit::Own : Limit::Above;
}

std::optional<OomWatch::Limit> OomWatch::compare(const sys::OomCounts& now) {
  // An administrator can forbid the kernel to kill (version 1): then everybody waits for memory.
  const bool blocked = unexplained_ && now.blocked;
  if (now.kills <= reported_.kills && !blocked) {
    return std::nullopt;
  }
  const Limit limit = whose_limit(now);
  reported_ = now;
  return limit;
}

std::optional<OomWatch::Limit> OomWatch::look() {
  if (over_) {
    return std::nullopt;
  }
  // The signals first: what they are about is counted then, or will be at the next look.
  const uint64_t signals = take_signals();
  const std::optional<sys::OomCounts> now = read_counts();
  if (!now) {
    // A group that has gone says nothing, and its going is one signal. A second signal, or
    // one that came while it was there, was about memory.
    over_ = true;
    return signals > 1 || unexplained_ ? std::optional(Limit::Unknown) : std::nullopt;
  }
  unexplained_ = unexplained_ || signals > 0;
  const std::optional<Limit> found = compare(*now);
  // Until the next look. Nothing then either: somebody else below the same limit was killed.
  unexplained_ = !found && signals > 0;
  return found;
}

}  // namespace chock::supervisor
