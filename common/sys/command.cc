// SPDX-License-Identifier: Apache-2.0
// The child half shares our memory until it has executed (vfork(2)): from `run_child` on only
// async-signal-safe calls are made, and nothing is written but `failure`. vfork and not fork: a
// copy of the page tables would turn shared pages of the shim private.
#include "common/sys/command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sys/open_files.h"
#include "common/sys/proc.h"

namespace chock::sys {
namespace {

constexpr int kFirstFree = 3;  // the lowest descriptor that is not standard

// Everything the child needs, prepared before it exists.
struct Prepared {
  const Command* command;
  std::vector<char*> argv;
  std::array<UniqueFd, 3> stdio;  // all >= kFirstFree, so that dup2 never meets its own target
  pid_t parent;
};

Result<Prepared> prepare(const Command& command) {
  Prepared prepared{&command, {}, {}, ::getpid()};
  for (const std::string& argument : command.arguments) {
    prepared.argv.push_back(const_cast<char*>(argument.c_str()));  // execve(2) does not write
  }
  prepared.argv.push_back(nullptr);
  for (size_t i = 0; i < prepared.stdio.size(); ++i) {
    prepared.stdio[i] = UniqueFd(::fcntl(command.stdio[i], F_DUPFD_CLOEXEC, kFirstFree));
    if (!prepared.stdio[i].valid()) {
      return system_error("fork/exec", command.path);
    }
  }
  return prepared;
}

bool restore_oom_score_adj(const std::string& value) {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  // Best effort: a value that cannot be restored must not keep the container from starting.
  return fd >= 0 && ::write(fd, value.data(), value.size()) > 0;
}

// Returns with errno set if the program could not be executed.
void run_child(const Prepared& prepared) {
  const Command& command = *prepared.command;
  if (command.group == Command::Group::Own) {
    ::setpgid(0, 0);
  }
  if (command.parent_death == Command::ParentDeath::DieWith) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before the line above took effect (prctl(2)).
    if (::getppid() != prepared.parent) {
      ::_exit(EXIT_FAILURE);
    }
  }
  if (command.oom_score_adj) {
    static_cast<void>(restore_oom_score_adj(*command.oom_score_adj));
  }
  for (int i = 0; i < kFirstFree; ++i) {
    if (::dup2(prepared.stdio[static_cast<size_t>(i)].get(), i) < 0) {
      return;
    }
  }
  if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0) {
    return;
  }
  restore_open_file_limit();
  for (const int number : {SIGPIPE, SIGUSR1, SIGUSR2}) {
    ::signal(number, SIG_DFL);  // what reset_dispositions() and ignore_user_signals() have changed
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(command.path.c_str(), prepared.argv.data(), environ);
}

// For a child that has failed, or that we cannot hold on to: it must not run on unknown to its
// owner. It is ours and not waited for, so the number is certain. Waits, because vfork(2) returns
// when the child lets go of our memory, which is a moment before it can be reaped.
void end_child(pid_t pid) {
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool is_executable(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

// For kernels before 5.11, whose close_range(2) cannot set the flag (or does not exist).
void close_on_exec_listed() {
  DIR* dir = ::opendir("/proc/self/fd");
  if (dir == nullptr) {
    return;
  }
  while (const dirent* entry = ::readdir(dir)) {
    const std::optional<uint64_t> fd = parse_number(entry->d_name);
    if (fd && *fd >= kFirstFree) {
      ::fcntl(static_cast<int>(*fd), F_SETFD, FD_CLOEXEC);
    }
  }
  ::closedir(dir);
}

}  // namespace

std::optional<std::string> find_executable(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return name;
  }
  const char* variable = ::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (!path.empty() && !name.empty()) {
    const size_t end = std::min(path.find(':'), path.size());
    std::string candidate = std::string(path.substr(0, end)) + "/" + name;
    // An empty or relative element means the working directory, which is not even the one that the
    // child will have; it is skipped: never run what lies there.
    if (path.starts_with('/') && is_executable(candidate)) {
      return candidate;
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return std::nullopt;
}

Result<Pidfd> spawn(const Command& command) {
  Prepared prepared = TRY(prepare(command));
  volatile int failure = 0;  // written by the child, in our memory
  // NOLINTBEGIN(bugprone-unsafe-functions,clang-analyzer-*): vfork is meant; see the top
  const pid_t pid = ::vfork();
  if (pid == 0) {
    run_child(prepared);
    failure = errno;
    ::_exit(EXIT_FAILURE);
  }
  // NOLINTEND(bugprone-unsafe-functions,clang-analyzer-*)
  if (pid < 0) {
    return system_error("fork/exec", command.path);
  }
  prepared.stdio = {};                     // first, so that the pidfd never lacks a free descriptor
  Result<Pidfd> child = Pidfd::open(pid);  // ours and not waited for, so the number is certain
  if (failure == 0 && child) {
    return child;
  }
  end_child(pid);
  if (failure != 0) {
    return system_error(failure, "fork/exec", command.path);
  }
  return child;
}

void close_on_exec_all() {
  if (::close_range(kFirstFree, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    close_on_exec_listed();
  }
}

}  // namespace chock::sys
