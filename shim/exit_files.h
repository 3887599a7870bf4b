// SPDX-License-Identifier: Apache-2.0
// The exit record, made ready before the process exists: files, space and names are reserved at
// create, so that an exit can be recorded on a full disk and from inside the sandbox.
#pragma once

#include "common/result.h"
#include "common/state/exit_record.h"
#include "common/sys/atomic_file.h"
#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"
#include "shim/streams.h"

namespace chock::shim {

class ExitFiles {
 public:
  // `dir` must outlive this object.
  [[nodiscard]] static Result<ExitFiles> reserve(const sys::StateDir& dir);

  // exitStatus, the contract's number. Once only, and first.
  [[nodiscard]] Result<void> record_status(const sys::ExitStatus& status);
  // exit.json, as far as it is known. Once only.
  [[nodiscard]] Result<void> record_exit(const sys::Reaped& process);
  // exit.json again, with what became known when the output had ended. Does nothing before there is
  // an exit, or a second time.
  [[nodiscard]] Result<void> record_drained(const Streams& streams);

 private:
  ExitFiles(sys::AtomicFile status, sys::AtomicFile exited, sys::AtomicFile drained)
      : status_(std::move(status)), exited_(std::move(exited)), drained_(std::move(drained)) {}

  sys::AtomicFile status_;
  sys::AtomicFile exited_;
  sys::AtomicFile drained_;
  state::ExitRecord record_;
};

}  // namespace chock::shim
