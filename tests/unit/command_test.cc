// SPDX-License-Identifier: Apache-2.0
#include "common/sys/command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/sys/proc.h"
#include "common/sys/signals.h"
#include "tests/unit/support.h"

namespace chock::sys {
namespace {

// `command` with /dev/null on 0, 1 and 2.
Result<Pidfd> spawn_quiet(Command command) {
  const UniqueFd null = test::open_fd("/dev/null", O_RDWR);
  command.stdio.fill(null.get());
  return spawn(command);
}
std::string output_of(const Command& command) { return test::run(command).text; }

TEST(command, dispositions_and_mask_of_the_child_are_fresh) {
  const BlockedSignals blocked({SIGCHLD, SIGTERM, SIGUSR1});
  ASSERT_NE(::signal(SIGPIPE, SIG_IGN), SIG_ERR);  // as reset_dispositions() leaves it
  ignore_user_signals();
  Command command;
  command.path = "/bin/cat";
  command.arguments = {"cat", "/proc/self/status"};
  const std::string status = output_of(command);
  for (const char* line : {"\nSigBlk:\t0000000000000000\n", "\nSigIgn:\t0000000000000000\n",
                           "\nSigCgt:\t0000000000000000\n", "\nSigPnd:\t0000000000000000\n"}) {
    EXPECT_NE(status.find(line), std::string::npos) << line << status;
  }
  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 1) << "our own mask stays";
  for (const int number : {SIGUSR1, SIGUSR2}) {
    EXPECT_EQ(::signal(number, SIG_DFL), SIG_IGN) << "and so do our own dispositions";
  }
}

TEST(command, nothing_but_stdio_is_inherited) {
  const UniqueFd one = test::open_fd("/dev/null", O_RDONLY);
  const Pipe two = test::must(make_pipe());
  // ls(1) opens one itself, for the directory.
  Command command;
  command.path = "/bin/ls";
  command.arguments = {"ls", "/proc/self/fd"};
  EXPECT_EQ(output_of(command), "0\n1\n2\n3\n");
}

TEST(command, close_on_exec_all_covers_what_we_were_given) {
  const Pidfd child = test::fork_child([] {
    const int low = ::dup(0);  // NOLINT(android-cloexec-dup): on purpose
    const int high = ::fcntl(0, F_DUPFD, 700);
    close_on_exec_all();
    const bool both = ::fcntl(low, F_GETFD) == FD_CLOEXEC && ::fcntl(high, F_GETFD) == FD_CLOEXEC;
    return both && ::fcntl(0, F_GETFD) == 0 ? 0 : 1;
  });
  EXPECT_EQ(test::wait_for(child).status.number(), 0U);
}

TEST(command, arguments_and_environment_arrive_unchanged) {
  Command command = test::shell("printf '<%s>' \"$0\" \"$@\"");
  command.arguments.insert(command.arguments.end(), {"", "a b", "\"q\"", "$HOME", "\xFF"});
  EXPECT_EQ(output_of(command), "<><a b><\"q\"><$HOME><\xFF>");
  const char* home = ::getenv("PATH");
  EXPECT_EQ(output_of(test::shell("printf %s \"$PATH\"")), home != nullptr ? home : "");
}

TEST(command, working_directory) {
  const test::TempDir dir;
  Command command;
  command.path = "/bin/pwd";
  command.arguments = {"pwd", "-P"};
  std::array<char, 4096> here{};
  ASSERT_NE(::getcwd(here.data(), here.size()), nullptr);
  EXPECT_EQ(output_of(command), std::string(here.data()) + "\n");
  command.directory = dir.path();
  EXPECT_EQ(output_of(command), dir.path() + "\n");
}

TEST(command, process_group) {
  Command command = test::shell("cut -d' ' -f1,5 /proc/$$/stat");
  const std::string ours = " " + std::to_string(::getpgrp()) + "\n";
  EXPECT_TRUE(output_of(command).ends_with(ours));
  command.group = Command::Group::Own;
  const std::string text = output_of(command);
  const size_t blank = text.find(' ');
  ASSERT_NE(blank, std::string::npos) << text;
  EXPECT_EQ(text.substr(0, blank) + "\n", text.substr(blank + 1));
}

TEST(command, oom_score_adj_is_the_childs_alone) {
  const std::string ours = test::must(read_oom_score_adj());
  Command command = test::shell("cat /proc/self/oom_score_adj");
  EXPECT_EQ(output_of(command), ours);
  command.oom_score_adj = "555";
  EXPECT_EQ(output_of(command), "555\n");
  command.oom_score_adj = "nonsense";  // best effort
  EXPECT_EQ(output_of(command), ours);
  EXPECT_EQ(test::must(read_oom_score_adj()), ours);
}

TEST(command, stdio_in_any_permutation) {
  const test::TempDir dir;
  std::array<int, 3> order{0, 1, 2};
  do {
    // In a child whose 0, 1 and 2 are three files, each to become another one's number.
    const Pidfd child = test::fork_child([&] {
      for (int i = 0; i < 3; ++i) {
        const UniqueFd fd = test::open_fd(dir / std::to_string(i), O_RDWR | O_CREAT | O_TRUNC);
        ::dup2(fd.get(), i);
      }
      Command command = test::shell("echo in >&0; echo out >&1; echo err >&2");
      command.stdio = order;
      return test::wait_for(test::must(spawn(command))).status.code();
    });
    EXPECT_EQ(test::wait_for(child).status.number(), 0U);
    constexpr std::array<const char*, 3> kWords{"in\n", "out\n", "err\n"};
    for (size_t i = 0; i < order.size(); ++i) {
      EXPECT_EQ(test::read_text(dir / std::to_string(order[i])), kWords[i]);
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST(command, one_descriptor_may_serve_as_all_three) {
  const test::TempDir dir;
  const UniqueFd file = test::open_fd(dir / "file", O_RDWR | O_CREAT | O_APPEND);
  Command command = test::shell("echo out; echo err >&2");
  command.stdio.fill(file.get());
  EXPECT_TRUE(test::wait_for(test::must(spawn(command))).status.success());
  EXPECT_EQ(test::read_text(dir / "file"), "out\nerr\n");
}

TEST(command, what_cannot_run_says_why) {
  const test::TempDir dir;
  test::write_text(dir / "plain", "#!/bin/sh\n");
  test::write_text(dir / "no-format", "\x01\x02\x03");
  test::write_text(dir / "no-interpreter", "#!/no/such/interpreter\n");
  ASSERT_EQ(::chmod((dir / "no-format").c_str(), 0700), 0);
  ASSERT_EQ(::chmod((dir / "no-interpreter").c_str(), 0700), 0);
  struct Case {
    std::string path;
    std::string directory;
    const char* reason;
  };
  const Case cases[] = {
      {"/no/such/runtime", "", "no such file or directory"},
      {dir / "missing", "", "no such file or directory"},
      {dir / "plain", "", "permission denied"},
      {dir.path(), "", "permission denied"},
      {dir / "plain/x", "", "not a directory"},
      {dir / "no-format", "", "exec format error"},
      {dir / "no-interpreter", "", "no such file or directory"},
      {"/bin/true", dir / "missing", "no such file or directory"},
      {"/bin/true", dir / "plain", "not a directory"},
  };
  for (const Case& c : cases) {
    Command command;
    command.path = c.path;
    command.arguments = {"x"};
    command.directory = c.directory;
    EXPECT_EQ(test::error_of(spawn_quiet(command)), "fork/exec " + c.path + ": " + c.reason);
    EXPECT_FALSE(reap_any().has_value()) << "a failed child is left of " << c.path;
  }
}

TEST(command, bad_stdio_is_an_error) {
  Command command;
  command.path = "/bin/true";
  command.arguments = {"true"};
  EXPECT_EQ(test::error_of(spawn(command)), "fork/exec /bin/true: bad file descriptor");
}

TEST(command, too_long_arguments_are_an_error) {
  Command command;
  command.path = "/bin/true";
  command.arguments = {"true", std::string(1U << 20U, 'x')};
  EXPECT_EQ(test::error_of(spawn_quiet(command)), "fork/exec /bin/true: argument list too long");
}

// With the last free descriptors used up by the preparation, there must still be one for the pidfd:
// otherwise the program would run and its starter be told that it does not.
TEST(command, runs_with_three_free_descriptors) {
  const Pidfd child = test::fork_child([] {
    const UniqueFd null = test::open_fd("/dev/null", O_RDWR);
    const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 3);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(next) + 3;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    while (::fcntl(0, F_DUPFD_CLOEXEC, 3) >= 0) {  // holes below the limit, should there be any
    }
    for (int i = 0; i < 3; ++i) {
      const UniqueFd freed(next + i);
    }
    Command command = test::shell("exit 7");
    command.stdio.fill(null.get());
    const Result<Pidfd> shell = spawn(command);
    return shell ? test::wait_for(*shell).status.code() : 1;
  });
  EXPECT_EQ(test::wait_for(child).status.number(), 7U);
}

TEST(command, dies_with_its_parent_if_asked_to) {
  for (const auto parent_death : {Command::ParentDeath::DieWith, Command::ParentDeath::Survive}) {
    Pipe alive = test::must(make_pipe());
    Pipe pids = test::must(make_pipe());
    const Pidfd parent = test::fork_child([&] {
      Command command = test::shell("exec sleep 1000");
      const UniqueFd null = test::open_fd("/dev/null", O_RDWR);
      command.stdio = {null.get(), alive.write.get(), null.get()};
      command.parent_death = parent_death;
      const Pidfd grandchild = test::must(spawn(command));
      const pid_t pid = grandchild.pid();
      return ::write(pids.write.get(), &pid, sizeof pid) == sizeof pid ? 0 : 1;
    });
    EXPECT_EQ(test::wait_for(parent).status.number(), 0U);
    alive.write.reset();
    pid_t pid = 0;
    ASSERT_EQ(::read(pids.read.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    if (parent_death == Command::ParentDeath::DieWith) {
      EXPECT_TRUE(test::wait_ready(alive.read.get(), POLLIN));  // the end of file of its stdout
    } else {
      const Pidfd survivor = test::must(Pidfd::open(pid));
      EXPECT_FALSE(survivor.ended());
      test::must(survivor.signal(SIGKILL));
      EXPECT_TRUE(test::wait_ready(alive.read.get(), POLLIN));
    }
  }
}

// Restores PATH, which find_executable reads.
class Path {
 public:
  explicit Path(const std::string& value) { ::setenv("PATH", value.c_str(), 1); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  Path(Path&&) = delete;
  Path& operator=(Path&&) = delete;
  ~Path() { ::setenv("PATH", former_.c_str(), 1); }

 private:
  std::string former_ = ::getenv("PATH");
};

TEST(command, find_executable_looks_where_execvp_does) {
  const test::TempDir dir;
  const StateDir root = dir.open();
  static_cast<void>(test::must(root.make_dir("a")));
  static_cast<void>(test::must(root.make_dir("b")));
  static_cast<void>(test::must(test::must(root.open_dir("a")).make_dir("tool")));
  for (const char* name : {"a/not-executable", "b/not-executable", "b/tool", "b/both", "a/both"}) {
    test::write_text(dir / name, "#!/bin/sh\n");
    const bool executable = std::string_view(name) != "a/not-executable";
    ASSERT_EQ(::chmod((dir / name).c_str(), executable ? 0700 : 0600), 0);
  }
  {
    const Path path((dir / "a") + ":/no/such:" + (dir / "b"));
    EXPECT_EQ(find_executable("both"), dir / "a/both");
    EXPECT_EQ(find_executable("tool"), dir / "b/tool");  // a directory is no program
    EXPECT_EQ(find_executable("not-executable"), dir / "b/not-executable");
    EXPECT_EQ(find_executable("missing"), std::nullopt);
    EXPECT_EQ(find_executable(""), std::nullopt);
    EXPECT_EQ(find_executable("/no/such/tool"), "/no/such/tool");
    EXPECT_EQ(find_executable("./tool"), "./tool");
  }
  ASSERT_EQ(::chdir((dir / "b").c_str()), 0);
  for (const char* value : {"", ":", "::", ".", "./", "../b", ":."}) {
    const Path path(value);
    EXPECT_EQ(find_executable("tool"), std::nullopt) << "from the working directory: " << value;
  }
  ASSERT_EQ(::chdir("/"), 0);
}

}  // namespace
}  // namespace chock::sys
