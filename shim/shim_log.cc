// SPDX-License-Identifier: Apache-2.0
#include "shim/shim_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/state/layout.h"

namespace chock::shim {
namespace {

// Room for the error of a launch that fails because the disk has become full.
constexpr off_t kReserve = 4096;

}  // namespace

Result<ShimLog> ShimLog::open(const sys::StateDir& dir) {
  sys::UniqueFd fd = TRY(dir.open_entry(state::layout::kShimLog, O_WRONLY | O_CREAT | O_APPEND));
  struct stat info{};
  if (::fstat(fd.get(), &info) == 0) {
    // Blocks behind the end, which stays where it is; not every file system has such a thing.
    static_cast<void>(::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, info.st_size, kReserve));
  }
  return ShimLog(std::move(fd));
}

void ShimLog::write(const state::LogRecord& record) {
  static_cast<void>(sys::write_all(fd_.get(), format_log_record(record),
                                   state::layout::kShimLog));  // best effort
}

void ShimLog::error(const Error& error, std::string step) {
  write(
      {.level = "error", .message = error.message(), .step = std::move(step), .code = error.code});
}

void ShimLog::warn(const Error& error, std::string step) {
  write({.level = "warn", .message = error.message(), .step = std::move(step), .code = error.code});
}

}  // namespace chock::shim
