// SPDX-License-Identifier: Apache-2.0
// Why this works (fifo(7), inotify(7)): opening a fifo for writing without blocking fails while
// there is no reader, so a reading end is held for just that moment. From then on the writer alone
// stays, which lets a client's blocking open for reading complete at once, and only completed opens
// make inotify speak. poll(2) on a writing end reports an error exactly while no reader exists:
// that is the truth, the notice is merely the reason to look.
#include "common/sys/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>

namespace chock::sys {

Result<OpenNotice> OpenNotice::make() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) {
    return system_error("make inotify");
  }
  return OpenNotice(std::move(fd));
}

Result<void> OpenNotice::add(const std::string& path) const {
  if (::inotify_add_watch(fd_.get(), path.c_str(), IN_OPEN) < 0) {
    return system_error("watch", path);
  }
  return {};
}

void OpenNotice::drain() const {
  alignas(inotify_event) std::array<char, 4096> events{};
  while (::read(fd_.get(), events.data(), events.size()) > 0) {
  }
}

Result<UniqueFd> open_fifo_writer(const std::string& path) {
  const UniqueFd both(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!both.valid()) {
    return system_error("open", path);
  }
  UniqueFd writer(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!writer.valid()) {
    return system_error("open", path);
  }
  return writer;
}

bool has_reader(int writer) {
  pollfd poll_fd{writer, 0, 0};
  return ::poll(&poll_fd, 1, 0) == 0 || (poll_fd.revents & POLLERR) == 0;
}

bool has_writer(int reader) {
  std::array<char, 512> buffer{};
  while (true) {
    // Without a writer an empty fifo is at its end of file, with one it would block (fifo(7)).
    const ssize_t got = ::read(reader, buffer.data(), buffer.size());
    if (got == 0) {
      return false;
    }
    if (got < 0 && errno != EINTR) {
      return errno == EAGAIN;
    }
  }
}

}  // namespace chock::sys
