// SPDX-License-Identifier: Apache-2.0
#include "supervisor/evidence.h"

#include <errno.h>
#include <fcntl.h>

#include "common/state/layout.h"
#include "common/sys/fifo.h"
#include "common/sys/proc.h"
#include "supervisor/container_files.h"
#include "supervisor/process_search.h"

namespace chock::supervisor {
namespace {

Result<Evidence::Identity> compare(const sys::StateDir& dir, pid_t pid,
                                   const sys::ProcessStat& stat) {
  const std::optional<uint64_t> started = TRY(read_starttime(dir));
  if (started) {
    return *started == stat.starttime ? Evidence::Identity::Same : Evidence::Identity::Other;
  }
  // The contract would take anybody with that number for it. We want to see it in its place: below
  // its shim, or, as an exec, in its container.
  const bool in_place = works_in(stat.parent, dir) || lives_beside_init(dir, pid);
  return in_place ? Evidence::Identity::Same : Evidence::Identity::Unknown;
}

}  // namespace

Result<sys::UniqueFd> open_exit_fifo(const sys::StateDir& process) {
  TRY(process.make_fifo(state::layout::kExitFifo));
  return process.open_entry(state::layout::kExitFifo, O_RDONLY, S_IFIFO);
}

Result<Evidence> read_evidence(const sys::StateDir& process, int exit_fifo) {
  Evidence evidence;
  // Before everything else: what a living shim writes later, it announces by ending.
  evidence.shim_lives = sys::has_writer(exit_fifo);
  evidence.exit_status = TRY(read_exit_status(process));
  evidence.pid = TRY(read_pid(process));
  if (!evidence.pid) {
    return evidence;
  }
  Result<sys::Pidfd> reference = sys::Pidfd::open(*evidence.pid);
  if (!reference && reference.error().code == ESRCH) {
    evidence.identity = Evidence::Identity::Gone;
    return evidence;
  }
  if (!reference) {
    return std::unexpected(std::move(reference).error());
  }
  std::optional<sys::ProcessStat> stat = TRY(sys::read_process_stat(*evidence.pid));
  evidence.identity = stat ? TRY(compare(process, *evidence.pid, *stat)) : Evidence::Identity::Gone;
  if (evidence.identity == Evidence::Identity::Same) {
    evidence.process = *std::move(reference);
    evidence.command = std::move(stat->command);
  }
  return evidence;
}

Verdict judge(const Evidence& evidence) {
  if (evidence.shim_lives && evidence.exit_status) {
    return Verdict::Draining;
  }
  if (evidence.shim_lives) {
    return evidence.pid ? Verdict::Running : Verdict::Launching;
  }
  if (evidence.exit_status) {
    return Verdict::Exited;
  }
  return evidence.pid ? Verdict::Lost : Verdict::NeverStarted;
}

}  // namespace chock::supervisor
