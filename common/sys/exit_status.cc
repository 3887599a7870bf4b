// SPDX-License-Identifier: Apache-2.0
#include "common/sys/exit_status.h"

#include <sys/wait.h>

namespace chock::sys {

ExitStatus ExitStatus::from_wait(int wait_status) {
  ExitStatus status;
  if (WIFEXITED(wait_status)) {
    status.kind_ = Kind::Exited;
    status.value_ = WEXITSTATUS(wait_status);
  } else if (WIFSIGNALED(wait_status)) {
    status.kind_ = Kind::Signalled;
    status.value_ = WTERMSIG(wait_status);
    status.core_ = WCOREDUMP(wait_status);
  }
  return status;
}

uint32_t ExitStatus::number() const {
  constexpr int kSignalBase = 128;
  switch (kind_) {
    case Kind::Unknown:
      return kUnknownNumber;
    case Kind::Exited:
      return static_cast<uint32_t>(value_);
    case Kind::Signalled:
      return static_cast<uint32_t>(kSignalBase + value_);
  }
  __builtin_unreachable();
}

}  // namespace chock::sys
