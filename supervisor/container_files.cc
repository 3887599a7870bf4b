// SPDX-License-Identifier: Apache-2.0
#include "supervisor/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "common/failpoint.h"
#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/state/timestamp.h"
#include "common/sys/atomic_file.h"
#include "common/sys/exit_status.h"
#include "common/sys/proc.h"
#include "supervisor/staged_dir.h"

namespace chock::supervisor {
namespace {

namespace layout = state::layout;

constexpr size_t kNumberLimit = 64;  // bytes of a file that holds one number

// File systems take the time from the last tick. That may be before an event of an earlier process
// of the same name, which must not be taken for one of this process (read_time_made).
Result<void> stamp(const sys::StateDir& dir, const char* name) {
  const timespec now = state::wall_clock();
  const std::array<timespec, 2> times{now, now};
  if (::utimensat(dir.fd(), name, times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    return system_error("stamp", dir.path_of(name));
  }
  return {};
}

// Fills a process's directory that is to become `final_path`; what process.json says then.
Result<state::ProcessState> fill_process(const sys::StateDir& dir, const std::string& final_path,
                                         state::ProcessState process, Stdio stdio) {
  if (stdio == Stdio::OwnFifos) {
    process.stdin_path = final_path + "/" + layout::kStdinFifo;
    process.stdout_path = final_path + "/" + layout::kStdoutFifo;
    process.stderr_path = final_path + "/" + layout::kStderrFifo;
    for (const char* name : {layout::kStdinFifo, layout::kStdoutFifo, layout::kStderrFifo}) {
      TRY(dir.make_fifo(name));
    }
  }
  TRY(dir.make_fifo(layout::kExitFifo));
  TRY(dir.make_fifo(layout::kControlFifo));
  TRY(sys::write_file(dir, layout::kProcessState, state::format_process_state(process)));
  TRY(stamp(dir, layout::kProcessState));
  return process;
}

Result<std::string> require_file(const sys::StateDir& dir, const std::string& name) {
  std::optional<std::string> text = TRY(dir.read_file(name, state::kFileLimit));
  if (!text) {
    return system_error(ENOENT, "open", dir.path_of(name));
  }
  return std::move(*text);
}

Result<std::optional<uint64_t>> read_number(const sys::StateDir& dir, const std::string& name) {
  return sys::parse_trimmed_number(TRY(dir.read_file(name, kNumberLimit)).value_or(""));
}

}  // namespace

Result<NewContainer> make_container(const sys::StateDir& root, const std::string& id,
                                    const state::ContainerState& container,
                                    state::ProcessState init, Stdio stdio) {
  StagedDir staged = TRY(StagedDir::make(root));
  CHOCK_FAILPOINT("staged");
  const sys::StateDir& dir = staged.dir();
  TRY(sys::write_file(dir, layout::kContainerState, state::format_container_state(container)));
  std::optional<sys::LockFile> lock = TRY(sys::LockFile::try_lock(dir, layout::kContainerLock));
  if (!lock) {
    return system_error(EWOULDBLOCK, "lock", dir.path_of(layout::kContainerLock));
  }
  sys::StateDir process = TRY(dir.make_dir(layout::kInit));
  const std::string final_path = root.path_of(id) + "/" + layout::kInit;
  state::ProcessState state = TRY(fill_process(process, final_path, std::move(init), stdio));
  CHOCK_FAILPOINT("filled");
  TRY(staged.publish(root, id));
  return NewContainer{*std::move(lock), std::move(process).moved_to(final_path), std::move(state)};
}

Result<sys::StateDir> make_process(const sys::StateDir& root, const sys::StateDir& container,
                                   const std::string& id, state::ProcessState process,
                                   Stdio stdio) {
  StagedDir staged = TRY(StagedDir::make(root));
  CHOCK_FAILPOINT("staged");
  TRY(fill_process(staged.dir(), container.path_of(id), std::move(process), stdio));
  CHOCK_FAILPOINT("filled");
  return staged.publish(container, id);
}

Result<void> discard_dir(const sys::StateDir& root, const sys::StateDir& parent,
                         const std::string& name) {
  Result<StagedDir> staged = StagedDir::take_back(root, parent, name);
  if (!staged && staged.error().code == ENOENT) {
    return {};
  }
  CHOCK_FAILPOINT("taken-back");
  return staged ? staged->discard() : std::unexpected(std::move(staged).error());
}

Result<ProcessFifos> open_fifos(const sys::StateDir& process) {
  sys::UniqueFd exit = TRY(process.open_entry(layout::kExitFifo, O_RDONLY, S_IFIFO));
  sys::UniqueFd control = TRY(process.open_entry(layout::kControlFifo, O_RDWR, S_IFIFO));
  return ProcessFifos{std::move(exit), std::move(control)};
}

Result<std::optional<pid_t>> read_pid(const sys::StateDir& process) {
  const std::optional<std::string> text = TRY(process.read_file(layout::kPid, kNumberLimit));
  if (!text || text->empty()) {
    return std::nullopt;
  }
  const std::optional<pid_t> pid = sys::parse_pid(*text);
  if (!pid) {
    return std::unexpected(
        Error{EINVAL, "parse", process.path_of(layout::kPid), "not the number of a process"});
  }
  return pid;
}

Result<std::optional<uint32_t>> read_exit_status(const sys::StateDir& process) {
  const std::optional<std::string> text = TRY(process.read_file(layout::kExitStatus, kNumberLimit));
  if (!text || text->empty()) {
    return std::nullopt;  // a writer that is not atomic may be at work
  }
  const std::optional<uint64_t> number = TRY(read_number(process, layout::kExitStatus));
  const bool usable = number && *number <= sys::ExitStatus::kUnknownNumber;
  return usable ? static_cast<uint32_t>(*number) : sys::ExitStatus::kUnknownNumber;
}

Result<std::optional<uint64_t>> read_starttime(const sys::StateDir& process) {
  return read_number(process, layout::kStarttime);
}

Result<timespec> read_time_made(const sys::StateDir& process) {
  struct stat info{};
  if (::fstatat(process.fd(), layout::kProcessState, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_error("stat", process.path_of(layout::kProcessState));
  }
  return info.st_mtim;
}

Result<state::ProcessState> read_process(const sys::StateDir& process) {
  const std::string text = TRY(require_file(process, layout::kProcessState));
  return state::parse_process_state(text);
}

Result<state::ContainerState> read_container(const sys::StateDir& container) {
  const std::string text = TRY(require_file(container, layout::kContainerState));
  return state::parse_container_state(text);
}

}  // namespace chock::supervisor
