// SPDX-License-Identifier: Apache-2.0
#include "supervisor/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "common/sys/atomic_file.h"
#include "common/sys/exit_status.h"
#include "common/sys/proc.h"
#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

using test::must;
using Identity = Evidence::Identity;

struct Row {
  bool shim_lives;
  bool pid;
  bool exit_status;
  Verdict verdict;
};
constexpr std::array kTable{
    Row{true, false, false, Verdict::Launching},      //
    Row{true, true, false, Verdict::Running},         //
    Row{true, true, true, Verdict::Draining},         //
    Row{true, false, true, Verdict::Draining},        // an init that died before its pid was out
    Row{false, false, false, Verdict::NeverStarted},  //
    Row{false, true, false, Verdict::Lost},           //
    Row{false, true, true, Verdict::Exited},          //
    Row{false, false, true, Verdict::Exited},         //
};

// A process's directory, and the test itself as the process.
class evidence : public ::testing::Test {
 protected:
  void write(const char* name, const std::string& text) { must(sys::write_file(dir_, name, text)); }
  void write_self(uint64_t later) {
    const auto self = must(sys::read_process_stat(::getpid()));
    ASSERT_TRUE(self);
    write("pid", std::to_string(::getpid()));
    write("starttime", std::to_string(self->starttime + later));
  }
  Evidence read() {
    const sys::UniqueFd fifo = must(open_exit_fifo(dir_));
    return must(read_evidence(dir_, fifo.get()));
  }

  test::TempDir temp_;
  sys::StateDir dir_ = must(sys::StateDir::open(temp_.path()));
};

TEST_F(evidence, every_verdict) {
  for (const Row& row : kTable) {
    for (const Identity identity :
         {Identity::Unknown, Identity::Gone, Identity::Other, Identity::Same}) {
      Evidence found{.shim_lives = row.shim_lives, .identity = identity};
      if (row.pid) {
        found.pid = 7;
      }
      if (row.exit_status) {
        found.exit_status = 0;
      }
      EXPECT_EQ(judge(found), row.verdict)
          << row.shim_lives << row.pid << row.exit_status << static_cast<int>(identity);
    }
  }
}

TEST_F(evidence, of_an_empty_directory) {
  const Evidence found = read();
  EXPECT_FALSE(found.shim_lives);
  EXPECT_FALSE(found.pid);
  EXPECT_FALSE(found.exit_status);
  EXPECT_EQ(found.identity, Identity::Unknown);
}

TEST_F(evidence, of_a_shim_that_lives) {
  const sys::UniqueFd reader = must(open_exit_fifo(dir_));
  const sys::UniqueFd shim = must(dir_.open_entry("exit", O_WRONLY, S_IFIFO));
  EXPECT_TRUE(must(read_evidence(dir_, reader.get())).shim_lives);
}

TEST_F(evidence, of_the_process_itself) {
  write_self(0);
  const Evidence found = read();
  EXPECT_EQ(found.identity, Identity::Same);
  ASSERT_TRUE(found.process);
  EXPECT_EQ(found.process->pid(), ::getpid());
  EXPECT_EQ(found.command, must(must(sys::read_process_stat(::getpid()))).command);
}

// The number has gone on to somebody who started later.
TEST_F(evidence, of_a_number_that_is_somebody_elses) {
  write_self(1);
  const Evidence found = read();
  EXPECT_EQ(found.identity, Identity::Other);
  EXPECT_FALSE(found.process);
}

// Without a start time, as a containerd 0.2 may leave it: we are in no container's place.
TEST_F(evidence, of_a_number_alone) {
  write("pid", std::to_string(::getpid()));
  const Evidence found = read();
  EXPECT_EQ(found.pid, ::getpid());
  EXPECT_EQ(found.identity, Identity::Unknown);
  EXPECT_FALSE(found.process);
}

TEST_F(evidence, of_a_number_that_nobody_has) {
  write("pid", "4194305");  // more than PID_MAX_LIMIT of the kernel's, see proc(5)
  EXPECT_EQ(read().identity, Identity::Gone);
}

TEST_F(evidence, of_an_exit) {
  write("exitStatus", "137");
  EXPECT_EQ(read().exit_status, 137U);
}

// It says that there was an end, so there was one; how is not known.
TEST_F(evidence, of_an_exit_that_cannot_be_read) {
  write("exitStatus", "x");
  EXPECT_EQ(read().exit_status, sys::ExitStatus::kUnknownNumber);
}

TEST_F(evidence, that_names_no_process) {
  const sys::UniqueFd fifo = must(open_exit_fifo(dir_));
  for (const char* text : {"x", "0", "1", "-1", "4294967297"}) {
    write("pid", text);
    EXPECT_EQ(test::code_of(read_evidence(dir_, fifo.get())), EINVAL) << text;
  }
}

}  // namespace
}  // namespace chock::supervisor
