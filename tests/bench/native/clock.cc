// SPDX-License-Identifier: Apache-2.0
// Stopwatches for tests/bench, called from Python: between the two readings of the clock there is
// nothing but system calls. Times are in nanoseconds; a negative result is a negated errno.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace {

constexpr int kDeadlineMs = 60'000;
constexpr int kPassedFd = 3;

int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// A daemon's way to start a shim: a process group of its own, /dev/null on 0, 1 and 2.
// Nothing else is inherited, since Python's descriptors are close-on-exec, but `passed_fd` as 3.
int spawn(char* const* argv, const char* cwd, int passed_fd, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  }
  if (passed_fd >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, passed_fd, kPassedFd);
  }
  ::posix_spawn_file_actions_addchdir_np(&actions, cwd);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = ::posix_spawn(pid, argv[0], &actions, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Waits until `fd` is readable or has hung up and, if a path is given, the file exists; `fd` is
// inotify's then, and is drained. The end of `child`, if there is one, ends the waiting: -ECHILD.
int await(int fd, const char* path, int child) {
  std::array<char, 4096> events;
  for (;;) {
    if (path != nullptr && ::access(path, F_OK) == 0) {
      return 0;
    }
    std::array<pollfd, 2> pollers{{{.fd = fd, .events = POLLIN, .revents = 0},
                                   {.fd = child, .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(pollers.data(), pollers.size(), kDeadlineMs);
    if (ready <= 0) {
      return ready == 0 ? -ETIMEDOUT : -errno;
    }
    if (pollers[0].revents == 0) {
      return -ECHILD;
    }
    if (path == nullptr) {
      return 0;
    }
    if (::read(fd, events.data(), events.size()) < 0) {
      return -errno;
    }
  }
}

}  // namespace

extern "C" {

int64_t clock_until_exit(char* const* argv, const char* cwd, int* wait_status);
int64_t clock_until_ready(char* const* argv, const char* cwd, int passed_fd, int fd,
                          const char* path, pid_t* pid);
int64_t clock_kill(int pidfd, int fd, const char* path, int64_t* died);
int64_t clock_drain(int fd, char* buffer, size_t size, size_t header, int64_t* bytes);

// From before the spawn until the child was waited for.
int64_t clock_until_exit(char* const* argv, const char* cwd, int* wait_status) {
  const int64_t begin = now();
  pid_t pid = 0;
  if (const int error = spawn(argv, cwd, -1, &pid); error != 0) {
    return -error;
  }
  if (::waitpid(pid, wait_status, 0) != pid) {
    return -errno;
  }
  return now() - begin;
}

// From before the spawn until await(fd, path, child). The child goes on, and is the caller's to
// wait for.
int64_t clock_until_ready(char* const* argv, const char* cwd, int passed_fd, int fd,
                          const char* path, pid_t* pid) {
  const int64_t begin = now();
  if (const int error = spawn(argv, cwd, passed_fd, pid); error != 0) {
    return -error;
  }
  // A program that was given a descriptor to tell through may go on in the background.
  const int child = passed_fd < 0 ? static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)) : -1;
  const int error = await(fd, path, child);
  const int64_t spent = now() - begin;
  ::close(child);
  return error < 0 ? error : spent;
}

// SIGKILL to a process; `died` is when its pidfd became readable, the result when await(fd, path)
// was satisfied, both since the signal. Which comes first does not matter.
int64_t clock_kill(int pidfd, int fd, const char* path, int64_t* died) {
  const int64_t begin = now();
  if (::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0) != 0) {
    return -errno;
  }
  *died = -1;
  int64_t noticed = -1;
  while (*died < 0 || noticed < 0) {
    std::array<pollfd, 2> pollers{{{.fd = *died < 0 ? pidfd : -1, .events = POLLIN, .revents = 0},
                                   {.fd = noticed < 0 ? fd : -1, .events = POLLIN, .revents = 0}}};
    if (::poll(pollers.data(), pollers.size(), kDeadlineMs) <= 0) {
      return -ETIMEDOUT;
    }
    const int64_t time = now() - begin;
    if (pollers[0].revents != 0) {
      *died = time;
    }
    if (pollers[1].revents != 0) {
      if (const int error = await(fd, path, -1); error < 0) {
        return error;
      }
      noticed = path == nullptr ? time : now() - begin;
    }
  }
  return noticed;
}

// Reads `bytes` bytes, or to the end of file, besides the first `header` ones of each message. The
// result is the time from the first byte to the last.
int64_t clock_drain(int fd, char* buffer, size_t size, size_t header, int64_t* bytes) {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t left = *bytes;
  while (left > 0) {
    const ssize_t count = ::read(fd, buffer, size);
    if (count < 0) {
      return -errno;
    }
    if (count == 0) {
      break;
    }
    end = now();
    begin = begin == 0 ? end : begin;
    left -= count - static_cast<ssize_t>(header);
  }
  *bytes -= left;
  return end - begin;
}

}  // extern "C"
