// SPDX-License-Identifier: Apache-2.0
#include "shim/output_tail.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "common/sys/fifo.h"
#include "common/sys/pipe.h"

namespace chock::shim {
namespace {

// A second view of what is in the fifo; its own content stays where it is (tee(2)).
Result<sys::Pipe> copy_content(int fifo) {
  sys::Pipe copy = TRY(sys::make_pipe());
  // As many buffers as the fifo may have in use: small writes take up a whole one each. Where the
  // user's page limit (pipe(7)) refuses that, as much is saved as fits.
  const int capacity = ::fcntl(fifo, F_GETPIPE_SZ);
  static_cast<void>(::fcntl(copy.write.get(), F_SETPIPE_SZ, capacity));
  // EAGAIN: a reader has just taken the rest.
  if (::tee(fifo, copy.write.get(), sys::kPipeSizeMax, SPLICE_F_NONBLOCK) < 0 && errno != EAGAIN) {
    return system_error("save", "unread output");
  }
  copy.write.reset();
  return copy;
}

Result<uint64_t> pour(int pipe, int file) {
  uint64_t total = 0;
  for (;;) {
    const ssize_t count = ::splice(pipe, nullptr, file, nullptr, sys::kPipeSizeMax, 0);
    if (count == 0) {
      return total;
    }
    if (count < 0 && errno != EINTR) {
      return system_error("save", "unread output");
    }
    total += static_cast<uint64_t>(std::max<ssize_t>(count, 0));
  }
}

}  // namespace

Result<OutputTail> OutputTail::reserve(const sys::StateDir& dir, const char* name) {
  return OutputTail(TRY(sys::AtomicFile::make(dir, name)));
}

// Whether there is another reader shows only once we are none, and then its content is out of our
// reach: hence the copy. A reader that goes away in just that moment finds in the file what it may
// have read.
Result<uint64_t> OutputTail::release(ClientFile fifo) {
  if (sys::bytes_waiting(fifo.keeper.get()) == 0) {
    return 0;
  }
  const sys::Pipe copy = TRY(copy_content(fifo.keeper.get()));
  fifo.keeper.reset();
  if (sys::has_reader(fifo.fd.get())) {
    return 0;
  }
  const uint64_t saved = TRY(pour(copy.read.get(), file_.fd()));
  if (saved > 0) {
    TRY(file_.commit_written());
  }
  return saved;
}

}  // namespace chock::shim
