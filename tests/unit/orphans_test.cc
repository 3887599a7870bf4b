// SPDX-License-Identifier: Apache-2.0
#include "common/sys/orphans.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/sys/proc.h"
#include "tests/unit/support.h"

namespace chock::sys {
namespace {

constexpr int kFailure = 99;

// A subreaper that becomes two, of which the one that goes on runs `body`; it ends with the number
// that the other is given.
Pidfd subreaper(const std::function<int()>& body) {
  return test::fork_child([&body] {
    const pid_t before = ::getpid();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const Result<std::optional<int>> code = leave_orphans_to_parent();
    if (!code) {
      return kFailure;
    }
    if (*code) {
      return ::getpid() == before ? **code : kFailure;
    }
    return ::getppid() == before ? body() : kFailure;
  });
}

uint32_t number_of(const Pidfd& child) { return test::wait_for(child).status.number(); }

// Only a signal brings it to an end.
int sleep_for_good() {
  while (true) {
    ::pause();
  }
}

TEST(orphans, nothing_happens_where_none_come) {
  const Pidfd child = test::fork_child([] {  // for the case that the tests are a subreaper's
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    const pid_t before = ::getpid();
    const Result<std::optional<int>> code = leave_orphans_to_parent();
    return code && !*code && ::getpid() == before ? 0 : kFailure;
  });
  EXPECT_EQ(number_of(child), 0U);
}

TEST(orphans, the_code_is_the_childs) {
  for (const int code : {0, 1, 7, 255}) {
    EXPECT_EQ(number_of(subreaper([code] { return code; })), static_cast<uint32_t>(code));
  }
}

TEST(orphans, so_is_the_signal) {
  EXPECT_EQ(number_of(subreaper([] { return ::raise(SIGKILL); })), 128U + SIGKILL);
}

TEST(orphans, signals_are_handed_on) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    Pipe pipe = test::must(make_pipe());
    const Pidfd child = subreaper([&pipe] {
      static_cast<void>(write_all(pipe.write.get(), "x", "pipe"));
      return sleep_for_good();
    });
    ASSERT_TRUE(test::wait_ready(pipe.read.get(), POLLIN)) << "the child is there";
    test::must(child.signal(number));
    EXPECT_EQ(number_of(child), 128U + static_cast<uint32_t>(number));
  }
}

// Whose end of the pipe hangs up.
TEST(orphans, the_child_ends_with_its_parent) {
  Pipe pipe = test::must(make_pipe());
  const Pidfd child = subreaper([&pipe] {
    static_cast<void>(write_all(pipe.write.get(), "x", "pipe"));
    return sleep_for_good();
  });
  pipe.write.reset();
  ASSERT_TRUE(test::wait_ready(pipe.read.get(), POLLIN)) << "the child is there";
  test::must(child.signal(SIGKILL));
  EXPECT_EQ(number_of(child), 128U + SIGKILL);
  EXPECT_EQ(test::must(read_all(pipe.read.get(), 8, "pipe")), "x");
}

// An orphan that has ended stays a zombie unless somebody waits for it.
TEST(orphans, they_are_waited_for) {
  const Pidfd child = subreaper([] {
    const std::string text = test::run(test::shell("sleep 1000 > /dev/null & echo $!")).text;
    const std::optional<pid_t> pid = parse_pid(text);
    const Result<Pidfd> orphan = pid ? Pidfd::open(*pid) : std::unexpected(Error{});
    const Result<std::optional<ProcessStat>> stat = read_process_stat(pid.value_or(0));
    if (!orphan || !stat || !*stat || (*stat)->parent != ::getppid() || !orphan->signal(SIGKILL)) {
      return kFailure;
    }
    while (read_process_stat(*pid).value_or(std::nullopt)) {
      ::sched_yield();
    }
    return 5;
  });
  EXPECT_EQ(number_of(child), 5U);
}

}  // namespace
}  // namespace chock::sys
