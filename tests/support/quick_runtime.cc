// SPDX-License-Identifier: Apache-2.0
// An OCI runtime for tests that launch by the thousand: nothing that costs time. (fake_runtime is
// the one with all the misbehaviour; it takes as long as a Python interpreter. A shell will not do:
// it waits for what it leaves behind, if that has ended soon enough.)
//
//   QUICK_INIT     shell code for the process that create makes; default: exit 0
//   QUICK_EXEC     the same for exec; default: QUICK_INIT
//   QUICK_REFUSE   if set, they make nothing and fail with this exit code
//   QUICK_STATE    a directory. If set, the containers are remembered there: each has a pid
//   namespace
//                  and waits for `start`, and state, kill and delete do what they say
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

namespace {

constexpr unsigned kFirstFree = 3;

std::string variable(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

// The words after the global options, which all have a value here.
std::span<char*> from_verb(std::span<char*> words) {
  size_t at = 1;
  while (at + 1 < words.size() && words[at][0] == '-') {
    at += 2;
  }
  return words.subspan(at < words.size() ? at : words.size());
}

std::string pid_file_of(std::span<char*> words) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::string_view(words[i]) == "--pid-file") {
      return words[i + 1];
    }
  }
  return {};
}

// -- What is remembered: ID holds the pid of the init and the bundle, ID.gate is a fifo that
// `start` opens.

struct Memory {
  std::string path;  // empty: nothing is remembered
  [[nodiscard]] std::string gate() const { return path + ".gate"; }
};

Memory memory_of(const std::string& id) {
  const std::string dir = variable("QUICK_STATE");
  return {dir.empty() ? "" : dir + "/" + id};
}

// 0: no such container.
pid_t init_of(const Memory& memory) {
  pid_t pid = 0;
  std::ifstream(memory.path) >> pid;
  return pid;
}

bool lives(pid_t pid) {
  std::string text;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), text);
  const size_t name_end = text.rfind(") ");
  return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

// -- The verbs.

void await_word(int pipe) {
  char word = 0;
  if (::read(pipe, &word, 1) != 1) {
    ::_exit(EXIT_FAILURE);
  }
}

// Opening a fifo waits for somebody who opens the other side.
void await_start(const Memory& memory) {
  const int gate = ::open(memory.gate().c_str(), O_RDONLY | O_CLOEXEC);
  static_cast<void>(gate);
}

[[noreturn]] void become(const std::string& script) {
  ::setsid();
  ::close_range(kFirstFree, ~0U, 0);
  ::execl("/bin/sh", "sh", "-c", script.empty() ? "exit 0" : script.c_str(), nullptr);
  ::_exit(EXIT_FAILURE);
}

bool write_pid(const std::string& path, pid_t pid) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return ::dprintf(file, "%d", pid) > 0;
}

// With the bundle, which is our directory.
bool remember(const Memory& memory, pid_t pid) {
  std::array<char, PATH_MAX> bundle{};
  const int file = ::open(memory.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return ::getcwd(bundle.data(), bundle.size()) != nullptr &&
         ::dprintf(file, "%d %s", pid, bundle.data()) > 0;
}

// As the real ones do, it makes the log even if there is nothing to say.
void write_log(const std::string& pid_file, std::string_view text) {
  const std::string log = pid_file.substr(0, pid_file.rfind('/')) + "/log.json";
  std::ofstream(log, std::ios::app) << text;
}

int refuse(const std::string& pid_file, const std::string& why) {
  write_log(pid_file, R"({"level":"error","msg":")" + why + "\"}\n");
  return EXIT_FAILURE;
}

int create(const std::string& pid_file, const Memory& memory) {
  const bool remembered = !memory.path.empty();
  if (remembered && init_of(memory) != 0) {
    return refuse(pid_file, "container with given ID already exists");
  }
  if (remembered && (::mkfifo(memory.gate().c_str(), 0600) != 0 || ::unshare(CLONE_NEWPID) != 0)) {
    return EXIT_FAILURE;
  }
  std::array<int, 2> whole{};  // the child goes on if we live to remember it
  if (::pipe2(whole.data(), O_CLOEXEC) != 0) {
    return EXIT_FAILURE;
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(whole[1]);
    if (remembered) {
      await_word(whole[0]);
      await_start(memory);
    }
    become(variable("QUICK_INIT"));
  }
  const bool written = pid > 0 && (!remembered || remember(memory, pid));
  return written && write_pid(pid_file, pid) && ::write(whole[1], "", 1) == 1 ? EXIT_SUCCESS
                                                                              : EXIT_FAILURE;
}

int exec(const std::string& pid_file, const Memory& memory) {
  if (!memory.path.empty()) {
    const std::string path = "/proc/" + std::to_string(init_of(memory)) + "/ns/pid";
    const int pid_namespace = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (!lives(init_of(memory)) || ::setns(pid_namespace, CLONE_NEWPID) != 0) {
      return refuse(pid_file, "cannot exec in a stopped container");
    }
  }
  const std::string script = variable("QUICK_EXEC");
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(script.empty() ? variable("QUICK_INIT") : script);
  }
  if (pid < 0 && !memory.path.empty()) {
    return refuse(pid_file, "the container has ended");  // and with it its pid namespace
  }
  return pid > 0 && write_pid(pid_file, pid) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int make_process(std::string_view verb, const std::string& pid_file, const Memory& memory) {
  write_log(pid_file, "");
  const std::string refusal = variable("QUICK_REFUSE");
  if (!refusal.empty()) {
    return ::atoi(refusal.c_str());
  }
  return verb == "exec" ? exec(pid_file, memory) : create(pid_file, memory);
}

// The init may have existed for so short a time that it does not wait yet.
int start(const Memory& memory) {
  int gate = -1;
  while (gate < 0 && lives(init_of(memory))) {
    gate = ::open(memory.gate().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  }
  return gate >= 0 && ::unlink(memory.gate().c_str()) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int state(const Memory& memory, const std::string& id) {
  const pid_t pid = init_of(memory);
  if (pid == 0) {
    ::dprintf(STDERR_FILENO, "container does not exist\n");
    return EXIT_FAILURE;
  }
  const bool waits = ::access(memory.gate().c_str(), F_OK) == 0;
  const char* status = !lives(pid) ? "stopped" : waits ? "created" : "running";
  std::string bundle;
  std::ifstream(memory.path).ignore(PATH_MAX, ' ') >> bundle;
  struct stat info{};
  std::array<char, sizeof "2026-11-28T10:55:51"> created{};
  ::stat(memory.path.c_str(), &info);
  ::strftime(created.data(), created.size(), "%FT%T", ::gmtime(&info.st_mtim.tv_sec));
  ::dprintf(STDOUT_FILENO,
            R"({"id":"%s","pid":%d,"status":"%s","bundle":"%s","created":"%s.%09ldZ"})", id.c_str(),
            pid, status, bundle.c_str(), created.data(), info.st_mtim.tv_nsec);
  return EXIT_SUCCESS;
}

int end(const Memory& memory) {
  const pid_t pid = init_of(memory);
  if (pid > 1 && lives(pid)) {
    ::kill(pid, SIGKILL);
  }
  return EXIT_SUCCESS;
}

int remove(const Memory& memory) {
  if (init_of(memory) == 0) {
    ::dprintf(STDERR_FILENO, "container does not exist\n");
  }
  end(memory);
  ::unlink(memory.gate().c_str());
  return ::unlink(memory.path.c_str()) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// The id is the first word that is no option and no value of one; after `create` it is the last.
int run(std::string_view verb, std::span<char*> words) {
  const std::string id = verb == "create" || verb == "exec" || verb == "restore" || verb == "delete"
                             ? words.back()
                         : verb == "kill" && words[1][0] == '-' ? words[2]
                                                                : words[1];
  const Memory memory = memory_of(id);
  if (verb == "create" || verb == "exec" || verb == "restore") {
    return make_process(verb, pid_file_of(words), memory);
  }
  if (memory.path.empty()) {
    return EXIT_SUCCESS;
  }
  if (verb == "start") {
    return start(memory);
  }
  if (verb == "state") {
    return state(memory, id);
  }
  if (verb == "kill") {
    return end(memory);
  }
  return verb == "delete" ? remove(memory) : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words = from_verb({argv, static_cast<size_t>(argc)});
  // Not through exit(): LeakSanitizer's tracer would be made in the pid namespace for the children,
  // where it is not found.
  ::_exit(words.size() > 1 ? run(words[0], words) : EXIT_SUCCESS);
}
