// SPDX-License-Identifier: Apache-2.0
#include "common/sys/pidfd.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "common/sys/proc.h"
#include "tests/unit/support.h"

namespace chock::sys {
namespace {

int wait_for_ever() {
  while (true) {
    ::pause();
  }
}

TEST(pidfd, nobody_to_hold) {
  for (const pid_t pid : {0, -1, -5, 2147483647}) {
    EXPECT_EQ(test::code_of(Pidfd::open(pid)), ESRCH) << pid;
  }
  EXPECT_EQ(test::error_of(Pidfd::open(0)), "open pidfd of 0: no such process");
}

TEST(pidfd, the_number_of_a_thread_is_nobodys) {
  std::promise<pid_t> number;
  std::promise<void> over;
  std::jthread thread([&] {
    number.set_value(::gettid());
    over.get_future().wait();
  });
  EXPECT_EQ(test::code_of(Pidfd::open(number.get_future().get())), ESRCH);
  over.set_value();
}

TEST(pidfd, a_child_from_start_to_end) {
  const Pidfd child = test::fork_child(wait_for_ever);
  EXPECT_FALSE(child.ended());
  EXPECT_FALSE(test::must(child.reap()).has_value());
  EXPECT_EQ(test::must(child.signal(0)), Pidfd::Delivery::Sent);
  EXPECT_EQ(test::must(child.signal(SIGKILL)), Pidfd::Delivery::Sent);
  ASSERT_TRUE(test::wait_ready(child.fd(), POLLIN));
  EXPECT_TRUE(child.ended());
  EXPECT_EQ(test::must(child.signal(SIGTERM)), Pidfd::Delivery::Sent);  // a zombie takes signals
  const Pidfd zombie = test::must(Pidfd::open(child.pid()));
  EXPECT_TRUE(zombie.ended());
  EXPECT_EQ(child.status_from_kernel(), ExitStatus::unknown());  // not before it was reaped

  const Reaped reaped = test::must(test::must(child.reap()));
  EXPECT_EQ(reaped.pid, child.pid());
  EXPECT_EQ(reaped.status.signal(), SIGKILL);
  EXPECT_EQ(test::error_of(child.reap()),
            "reap " + std::to_string(child.pid()) + ": no child processes");
  EXPECT_EQ(test::must(child.signal(0)), Pidfd::Delivery::Gone);
  EXPECT_TRUE(child.ended());
}

// A leader of a group and a child of it: nothing is left of either when the pipe hangs up.
Pidfd fork_group(Pipe& pipe, bool leader_ends) {
  Pidfd leader = test::fork_child([&pipe, leader_ends] {
    ::setpgid(0, 0);
    static_cast<void>(test::fork_child([&pipe] {
      static_cast<void>(write_all(pipe.write.get(), "x", "pipe"));
      return wait_for_ever();
    }));
    return leader_ends ? 0 : wait_for_ever();
  });
  pipe.write.reset();
  return leader;
}

TEST(pidfd, a_group_ends_with_its_leader) {
  for (const bool leader_ends : {false, true}) {
    Pipe pipe = test::must(make_pipe());
    const Pidfd leader = fork_group(pipe, leader_ends);
    char byte = 0;
    ASSERT_EQ(::read(pipe.read.get(), &byte, 1), 1);
    ASSERT_TRUE(!leader_ends || test::wait_ready(leader.fd(), POLLIN));  // a zombie
    leader.kill_group();
    EXPECT_EQ(::read(pipe.read.get(), &byte, 1), 0);
    EXPECT_EQ(test::wait_for(leader).status.signal(), leader_ends ? 0 : SIGKILL);
    leader.kill_group();  // whose number may be anybody's by now
  }
}

TEST(pidfd, every_exit_code_reaches_the_parent) {
  for (int code = 0; code < 256; code += 51) {
    const Pidfd child = test::fork_child([code] { return code; });
    EXPECT_EQ(test::wait_for(child).status.code(), code);
  }
}

TEST(pidfd, reaping_brings_the_usage) {
  const Pidfd child = test::fork_child([] { return 0; });
  EXPECT_GT(test::wait_for(child).usage.ru_maxrss, 0);
}

TEST(pidfd, a_stranger_cannot_be_reaped) {
  const Pidfd parent = test::must(Pidfd::open(::getppid()));
  EXPECT_EQ(test::code_of(parent.reap()), ECHILD);
  EXPECT_FALSE(parent.ended());
}

TEST(pidfd, bad_signal_numbers_are_errors) {
  const Pidfd self = test::must(Pidfd::open(::getpid()));
  EXPECT_EQ(test::code_of(self.signal(-1)), EINVAL);
  EXPECT_EQ(test::code_of(self.signal(1000)), EINVAL);
  // The number is the process's, which the words have to make clear.
  EXPECT_EQ(test::error_of(self.signal(1000)),
            "signal process " + std::to_string(::getpid()) + ": invalid argument");
}

TEST(pidfd, reap_any_takes_each_child_once) {
  EXPECT_FALSE(reap_any().has_value());  // no children at all
  const Pidfd running = test::fork_child(wait_for_ever);
  EXPECT_FALSE(reap_any().has_value());  // none that has ended
  const Pidfd a = test::fork_child([] { return 11; });
  const Pidfd b = test::fork_child([] { return 22; });
  ASSERT_TRUE(test::wait_ready(a.fd(), POLLIN));
  ASSERT_TRUE(test::wait_ready(b.fd(), POLLIN));
  int sum = 0;
  for (int i = 0; i < 2; ++i) {
    const Reaped reaped = test::must(reap_any());
    EXPECT_EQ(reaped.status.code(), reaped.pid == a.pid() ? 11 : 22);
    sum += reaped.status.code();
  }
  EXPECT_EQ(sum, 33);
  EXPECT_FALSE(reap_any().has_value());
  test::must(running.signal(SIGKILL));
  EXPECT_EQ(test::wait_for(running).status.signal(), SIGKILL);
}

bool kernel_tells_exit_status() {
  utsname name{};
  int major = 0;
  int minor = 0;
  ::uname(&name);
  std::sscanf(name.release, "%d.%d", &major, &minor);  // NOLINT(cert-err34-c): the kernel's own
  return major > 6 || (major == 6 && minor >= 15);
}

// What is left when a shim was killed: the process goes to somebody else, who reaps it.
struct Orphan {
  Pidfd adopter;  // subreaper; ends when it has reaped the orphan
  Pidfd shim;
  Pidfd process;
  UniqueFd stop;  // closed: the process exits with 42
};
Orphan make_orphan() {
  Pipe pids = test::must(make_pipe());
  Pipe stop = test::must(make_pipe());
  const auto tell = [&pids](pid_t pid) {
    return write_all(pids.write.get(), std::to_string(pid) + "\n", "pids").has_value();
  };
  Pidfd adopter = test::fork_child([&] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    stop.write.reset();
    const Pidfd shim = test::fork_child([&] {
      const Pidfd process = test::fork_child([&] {
        char byte = 0;
        return ::read(stop.read.get(), &byte, 1) == 0 ? 42 : 1;
      });
      return tell(::getpid()) && tell(process.pid()) ? wait_for_ever() : 1;
    });
    pids.write.reset();
    int reaped = 0;
    while (reaped < 2) {
      reaped += reap_any() ? 1 : 0;
      ::sched_yield();
    }
    return 0;
  });
  pids.write.reset();
  FILE* file = ::fdopen(pids.read.take(), "re");
  pid_t shim = 0;
  pid_t process = 0;
  if (std::fscanf(file, "%d %d", &shim, &process) != 2) {  // NOLINT(cert-err34-c): as written above
    test::die("no orphan");
  }
  std::fclose(file);
  return {std::move(adopter), test::must(Pidfd::open(shim)), test::must(Pidfd::open(process)),
          std::move(stop.write)};
}

// Field experience: the pidfd hangs up only once the process was reaped, and then the kernel tells
// the status to anybody who holds on to it.
TEST(pidfd, the_status_survives_the_shim) {
  Orphan orphan = make_orphan();
  EXPECT_EQ(orphan.process.status_from_kernel(), ExitStatus::unknown());
  test::must(orphan.shim.signal(SIGKILL));
  ASSERT_TRUE(test::wait_ready(orphan.shim.fd(), POLLHUP));
  EXPECT_FALSE(orphan.process.ended());
  EXPECT_EQ(orphan.process.status_from_kernel(), ExitStatus::unknown());
  EXPECT_EQ(test::code_of(orphan.process.reap()), ECHILD);

  orphan.stop.reset();
  EXPECT_EQ(test::wait_for(orphan.adopter).status.number(), 0U);
  ASSERT_TRUE(orphan.process.ended());
  const ExitStatus process = orphan.process.status_from_kernel();
  const ExitStatus shim = orphan.shim.status_from_kernel();
  if (kernel_tells_exit_status()) {
    EXPECT_EQ(process.number(), 42U);
    EXPECT_EQ(shim.signal(), SIGKILL);
  } else {
    EXPECT_FALSE(process.known());
    EXPECT_FALSE(shim.known());
  }
}

}  // namespace
}  // namespace chock::sys
