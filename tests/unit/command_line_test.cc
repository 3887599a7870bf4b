// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/command_line.h"

#include "tests/unit/support.h"

namespace chock::runtime {
namespace {

const Runtime kRunc{"runc", {"--root=/r", "--debug"}};
const Runtime kBare{"/usr/bin/crun", {}};
const LaunchPaths kPlain{"/s/c/init/log.json", "/s/c/init/pid", ""};
const LaunchPaths kTerminal{"/s/c/init/log.json", "/s/c/init/pid", "/tmp/pty1/pty.sock"};

TEST(command_line, create_exact) {
  EXPECT_EQ(
      create(kRunc, kPlain, "/b", false, "c1"),
      (Arguments{"runc", "--log", "/s/c/init/log.json", "--log-format", "json", "--root=/r",
                 "--debug", "create", "--bundle", "/b", "--pid-file", "/s/c/init/pid", "c1"}));
  EXPECT_EQ(create(kBare, kTerminal, "/b", true, "c1"),
            (Arguments{"/usr/bin/crun", "--log", "/s/c/init/log.json", "--log-format", "json",
                       "create", "--bundle", "/b", "--console-socket", "/tmp/pty1/pty.sock",
                       "--no-pivot", "--pid-file", "/s/c/init/pid", "c1"}));
}

TEST(command_line, exec_exact) {
  EXPECT_EQ(exec(kRunc, kPlain, "/s/c/e/process.json", "c1"),
            (Arguments{"runc", "--log", "/s/c/init/log.json", "--log-format", "json", "--root=/r",
                       "--debug", "exec", "-d", "--process", "/s/c/e/process.json", "--pid-file",
                       "/s/c/init/pid", "c1"}));
  EXPECT_EQ(exec(kBare, kTerminal, "/s/c/e/process.json", "c1"),
            (Arguments{"/usr/bin/crun", "--log", "/s/c/init/log.json", "--log-format", "json",
                       "exec", "-d", "--process", "/s/c/e/process.json", "--console-socket",
                       "/tmp/pty1/pty.sock", "--pid-file", "/s/c/init/pid", "c1"}));
}

TEST(command_line, restore_exact) {
  RestoreRequest request{.image_path = "/ck/one", .work_path = "/ck/one/criu.work/r"};
  EXPECT_EQ(restore(kRunc, kPlain, request, "c1"),
            (Arguments{"runc", "--log", "/s/c/init/log.json", "--log-format", "json", "--root=/r",
                       "--debug", "restore", "-d", "--image-path", "/ck/one", "--work-path",
                       "/ck/one/criu.work/r", "--pid-file", "/s/c/init/pid", "c1"}));
  request.checkpoint.shell = request.checkpoint.tcp = request.checkpoint.unix_sockets = true;
  request.checkpoint.empty_namespaces = {"network", "ipc"};
  request.no_pivot = true;
  EXPECT_EQ(restore(kBare, kTerminal, request, "c1"), (Arguments{"/usr/bin/crun",
                                                                 "--log",
                                                                 "/s/c/init/log.json",
                                                                 "--log-format",
                                                                 "json",
                                                                 "restore",
                                                                 "-d",
                                                                 "--image-path",
                                                                 "/ck/one",
                                                                 "--work-path",
                                                                 "/ck/one/criu.work/r",
                                                                 "--console-socket",
                                                                 "/tmp/pty1/pty.sock",
                                                                 "--shell-job",
                                                                 "--tcp-established",
                                                                 "--ext-unix-sk",
                                                                 "--no-pivot",
                                                                 "--empty-ns",
                                                                 "network",
                                                                 "--empty-ns",
                                                                 "ipc",
                                                                 "--pid-file",
                                                                 "/s/c/init/pid",
                                                                 "c1"}));
}

TEST(command_line, short_verbs_exact) {
  EXPECT_EQ(start(kRunc, "c1"), (Arguments{"runc", "--root=/r", "--debug", "start", "c1"}));
  EXPECT_EQ(kill_all(kRunc, "c1"),
            (Arguments{"runc", "--root=/r", "--debug", "kill", "--all", "c1", "SIGKILL"}));
  EXPECT_EQ(remove(kRunc, "c1"), (Arguments{"runc", "--root=/r", "--debug", "delete", "c1"}));
  EXPECT_EQ(start(kBare, "c1"), (Arguments{"/usr/bin/crun", "start", "c1"}));
}

TEST(command_line, verbs_of_a_running_container_exact) {
  const struct {
    Arguments actual;
    Arguments words;
  } rows[] = {
      {pause(kRunc, "c1"), {"pause", "c1"}},
      {resume(kRunc, "c1"), {"resume", "c1"}},
      {update(kRunc, "c1"), {"update", "-r", "-", "c1"}},
      {ps(kRunc, "c1"), {"ps", "--format=json", "c1"}},
      {stats(kRunc, "c1"), {"events", "--stats", "c1"}},
      {query_state(kRunc, "c1"), {"state", "c1"}},
      {force_remove(kRunc, "c1"), {"delete", "-f", "c1"}},
  };
  for (const auto& row : rows) {
    Arguments expected{"runc", "--root=/r", "--debug"};
    expected.insert(expected.end(), row.words.begin(), row.words.end());
    EXPECT_EQ(row.actual, expected);
  }
  EXPECT_EQ(ps(kBare, "c1"), (Arguments{"/usr/bin/crun", "ps", "--format=json", "c1"}));
}

TEST(command_line, checkpoint_exact) {
  CheckpointRequest request{.image_path = "/ck/one", .work_path = "/ck/one/criu.work"};
  EXPECT_EQ(checkpoint(kRunc, request, "c1"),
            (Arguments{"runc", "--root=/r", "--debug", "checkpoint", "--image-path", "/ck/one",
                       "--work-path", "/ck/one/criu.work", "--leave-running", "c1"}));
  request.checkpoint = {.tcp = true,
                        .unix_sockets = true,
                        .shell = true,
                        .exit = true,
                        .empty_namespaces = {"network", "ipc"}};
  EXPECT_EQ(checkpoint(kBare, request, "c1"),
            (Arguments{"/usr/bin/crun", "checkpoint", "--image-path", "/ck/one", "--work-path",
                       "/ck/one/criu.work", "--shell-job", "--tcp-established", "--ext-unix-sk",
                       "--empty-ns", "network", "--empty-ns", "ipc", "c1"}));
}

// Each flag of a checkpoint stands for itself.
TEST(command_line, checkpoint_flags_are_independent) {
  const struct {
    state::CheckpointConfig config;
    std::string flag;
  } rows[] = {
      {{.tcp = true, .exit = true}, "--tcp-established"},
      {{.unix_sockets = true, .exit = true}, "--ext-unix-sk"},
      {{.shell = true, .exit = true}, "--shell-job"},
      {{.exit = false}, "--leave-running"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(checkpoint(kBare, {"/ck", "/ck/w", row.config}, "c1"),
              (Arguments{"/usr/bin/crun", "checkpoint", "--image-path", "/ck", "--work-path",
                         "/ck/w", row.flag, "c1"}));
  }
}

// Words stay words, whatever is in them.
TEST(command_line, nothing_is_split_or_dropped) {
  const Runtime odd{"my runtime", {"--x=a b", "", "\"q\""}};
  EXPECT_EQ(start(odd, "c1"), (Arguments{"my runtime", "--x=a b", "", "\"q\"", "start", "c1"}));
}

}  // namespace
}  // namespace chock::runtime
