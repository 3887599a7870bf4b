// SPDX-License-Identifier: Apache-2.0
// Every verb; each is defined in the file of its name.
#pragma once

#include "supervisor/cli/verb.h"

namespace chock::supervisor::cli {

extern const Verb kRun, kStart, kExec, kAttach, kKill, kWait, kState, kList, kPs, kStats, kEvents,
    kPause, kResume, kUpdate, kResize, kCloseStdin, kDelete, kCheckpointCreate, kCheckpointList,
    kCheckpointDelete, kRestore, kServe;

}  // namespace chock::supervisor::cli
