// SPDX-License-Identifier: Apache-2.0
// chock-shim ID BUNDLE RUNTIME, started in a process's directory.
#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <span>
#include <string_view>

#include "common/state/layout.h"
#include "common/sys/command.h"
#include "common/sys/lock_file.h"
#include "common/sys/proc.h"
#include "common/version.h"
#include "shim/shim.h"

namespace chock::shim {
namespace {

namespace layout = state::layout;

constexpr int kUsage = 2;
// Less worth killing than nearly everything, but no more precious than the daemon above (-999), and
// never inherited by the container.
constexpr char kOomScoreAdj[] = "-998";

struct Arguments {
  std::string id, bundle, runtime;
};

void print(int fd, std::string_view text) {
  static_cast<void>(sys::write_all(fd, text, {}));  // nobody is left to tell
}

Result<std::string> working_directory() {
  std::array<char, PATH_MAX> path{};
  if (::getcwd(path.data(), path.size()) == nullptr) {
    return system_error("getcwd");
  }
  return std::string(path.data());
}

// Opened before process.json is read, and both ways for a moment: a writer alone would have to wait
// for the supervisor.
Result<sys::UniqueFd> open_exit(const sys::StateDir& dir) {
  const sys::UniqueFd both = TRY(dir.open_entry(layout::kExitFifo, O_RDWR, S_IFIFO));
  return dir.open_entry(layout::kExitFifo, O_WRONLY, S_IFIFO);
}

Result<sys::UniqueFd> open_null() {
  sys::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) {
    return system_error("open", "/dev/null");
  }
  return null;
}

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    return system_error("become subreaper");
  }
  return {};
}

// Returns the value our children are to have back.
std::string protect_from_oom_killer() {
  std::string inherited = sys::read_oom_score_adj().value_or("0");
  static_cast<void>(sys::write_oom_score_adj(kOomScoreAdj));  // needs privilege; a bonus, no need
  return inherited;
}

Result<sys::LockFile> lock_directory(const sys::StateDir& dir) {
  std::optional<sys::LockFile> lock = TRY(sys::LockFile::try_lock(dir, layout::kShimLock));
  if (!lock) {
    return input_error("lock", layout::kShimLock, "another shim looks after this process");
  }
  return *std::move(lock);
}

Result<int> live(const sys::StateDir& dir, const Arguments& arguments,
                 const sys::BlockedSignals& blocked, ShimLog& log, int exit_writer) {
  Fixtures fixtures{
      .exit_writer = exit_writer,
      .control = TRY(Control::open(dir)),
      .signals = TRY(sys::SignalFd::make(blocked)),
      .runtime = {.null = TRY(open_null()), .oom_score_adj = protect_from_oom_killer()}};
  Job job = TRY(Job::read(dir, arguments.id, arguments.bundle, arguments.runtime));
  const std::unique_ptr<sys::EventLoop> loop = TRY(sys::EventLoop::make());
  Shim shim(*loop, dir, log, std::move(job), std::move(fixtures));
  shim.begin();
  return loop->run();
}

// Whatever ends it is in the log before `exit` hangs up (D23).
Result<int> look_after(const sys::StateDir& dir, const Arguments& arguments,
                       const sys::BlockedSignals& blocked, ShimLog& log) {
  TRY(become_subreaper());
  const sys::LockFile lock = TRY(lock_directory(dir));
  const sys::UniqueFd exit_writer = TRY(open_exit(dir));
  const Result<int> ended = live(dir, arguments, blocked, log, exit_writer.get());
  if (!ended) {
    log.error(ended.error(), "setup");
    return Shim::kFailure;
  }
  return ended;
}

// The log exists, and stays the first thing to exist, whatever else is wrong (D19).
[[noreturn]] void run(std::span<char*> words) {
  // Nobody's signal may come between a container and the record of its end.
  const sys::BlockedSignals blocked = sys::BlockedSignals::all();
  const Result<std::string> path = working_directory();
  Result<sys::StateDir> dir = path ? sys::StateDir::open(*path) : std::unexpected(path.error());
  Result<ShimLog> log = dir ? ShimLog::open(*dir) : std::unexpected(dir.error());
  if (!log) {
    print(STDERR_FILENO, "chock-shim: " + log.error().message() + "\n");
    std::exit(kUsage);
  }
  const Result<int> result = look_after(*dir, {words[1], words[2], words[3]}, blocked, *log);
  if (!result) {
    log->error(result.error(), "setup");
  }
  // Signals stay blocked, which returning would undo: one that comes late must not turn an exit
  // code into a death.
  std::exit(result.value_or(Shim::kFailure));
}

// Anything but the contract's three words comes from a person, not from a daemon.
int answer_person(std::span<char*> words) {
  const std::string_view word = words.size() == 2 ? words[1] : "";
  if (word == "--version") {
    print(STDOUT_FILENO, "chock-shim version " + std::string(kVersion) + "\n");
    return Shim::kSuccess;
  }
  constexpr std::string_view kUsageText =
      "usage: chock-shim ID BUNDLE RUNTIME\n"
      "Looks after one container process. A supervisor starts it, in that process's directory.\n"
      "\n"
      "  -h,--help   Show this\n"
      "  --version   Show the version\n";
  const bool asked = word == "--help" || word == "-h";
  print(asked ? STDOUT_FILENO : STDERR_FILENO, kUsageText);
  return asked ? Shim::kSuccess : kUsage;
}

}  // namespace
}  // namespace chock::shim

int main(int argc, char** argv) {
  constexpr size_t kContractWords = 4;
  const std::span<char*> words(argv, static_cast<size_t>(argc));
  chock::sys::close_on_exec_all();
  chock::sys::reset_dispositions();
  if (words.size() == kContractWords) {
    chock::shim::run(words);
  }
  return chock::shim::answer_person(words);
}
