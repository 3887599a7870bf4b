// SPDX-License-Identifier: Apache-2.0
#include "shim/start_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>

#include "common/runtime/start_fifo.h"

namespace chock::shim {

std::optional<StartGate> StartGate::find(pid_t init) {
  const Result<std::optional<std::string>> fifo = runtime::find_start_fifo(init);
  return fifo && *fifo ? std::optional(StartGate(**fifo)) : std::nullopt;
}

// Opening a fifo for writing without waiting succeeds only if somebody reads it (fifo(7)); init is
// gone when this is asked, so that is `start`. It has what init wrote, so a writer that comes and
// goes changes nothing for it.
bool StartGate::start_under_way() const {
  const sys::UniqueFd writer(
      ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
  return writer.valid();
}

// Its removal changes its link count, an attribute; its reader's end closes it.
Result<void> StartGate::watch() {
  notice_ = sys::UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  constexpr uint32_t kEvents = IN_ATTRIB | IN_DELETE_SELF | IN_CLOSE_NOWRITE | IN_DONT_FOLLOW;
  // Removed in the meantime is as good as watched.
  if (!notice_.valid() ||
      (::inotify_add_watch(notice_.get(), path_.c_str(), kEvents) < 0 && errno != ENOENT)) {
    return system_error("watch", path_);
  }
  return {};
}

void StartGate::drain() const {
  alignas(inotify_event) std::array<char, 4096> events{};
  while (::read(notice_.get(), events.data(), events.size()) > 0) {
  }
}

}  // namespace chock::shim
