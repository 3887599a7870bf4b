// SPDX-License-Identifier: Apache-2.0
#include "shim/exit_files.h"

#include "common/state/layout.h"
#include "common/state/timestamp.h"

namespace chock::shim {

namespace layout = state::layout;

Result<ExitFiles> ExitFiles::reserve(const sys::StateDir& dir) {
  constexpr size_t kNumberLength = 16;
  sys::AtomicFile status = TRY(sys::AtomicFile::make(dir, layout::kExitStatus, kNumberLength));
  sys::AtomicFile exited =
      TRY(sys::AtomicFile::make(dir, layout::kExitRecord, state::kExitRecordLimit, ".exited"));
  sys::AtomicFile drained =
      TRY(sys::AtomicFile::make(dir, layout::kExitRecord, state::kExitRecordLimit, ".drained"));
  return ExitFiles(std::move(status), std::move(exited), std::move(drained));
}

// No newline: a containerd 0.2 daemon would publish status 0 for "7\n".
Result<void> ExitFiles::record_status(const sys::ExitStatus& status) {
  return status_.commit(std::to_string(status.number()));
}

Result<void> ExitFiles::record_exit(const sys::Reaped& process) {
  record_ = {.status = process.status,
             .pid = process.pid,
             .exited_at = state::wall_clock(),
             .usage = process.usage};
  return exited_.commit(format_exit_record(record_));
}

Result<void> ExitFiles::record_drained(const Streams& streams) {
  const bool nothing_to_add = !record_.pid || record_.drained_at;
  if (nothing_to_add) {
    return {};
  }
  record_.drained_at = state::wall_clock();
  streams.count_into(record_);
  return drained_.commit(format_exit_record(record_));
}

}  // namespace chock::shim
