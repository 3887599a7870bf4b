// SPDX-License-Identifier: Apache-2.0
#include "supervisor/created.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sys/unique_fd.h"
#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

TEST(created, an_init_that_is_still_the_runtimes) {
  EXPECT_TRUE(looks_created("runc:[2:INIT]", "runc"));
  EXPECT_TRUE(looks_created("runc:[2:INIT]", "/opt/wrapper")) << "by way of a script";
  EXPECT_TRUE(looks_created("crun", "/usr/bin/crun"));
  EXPECT_TRUE(looks_created("crun", "wrapper"));
  EXPECT_TRUE(looks_created("other", "/opt/other"));
  EXPECT_TRUE(looks_created("a-very-long-nam", "/opt/a-very-long-name"));
}

TEST(created, an_init_that_is_the_containers) {
  for (const char* command : {"sh", "", "runc", "crun2", "runc:", "opt"}) {
    EXPECT_FALSE(looks_created(command, "/opt/other")) << command;
  }
}

TEST(created, awaits_start_as_long_as_it_holds_the_fifo_and_the_fifo_is_there) {
  const pid_t self = ::getpid();
  EXPECT_FALSE(awaits_start(self));
  const test::TempDir dir;
  const std::string path = dir / "exec.fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(awaits_start(self));
  const sys::UniqueFd held(::open(path.c_str(), O_PATH | O_CLOEXEC));
  ASSERT_TRUE(held.valid());
  EXPECT_TRUE(awaits_start(self));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_FALSE(awaits_start(self));
}

TEST(created, nobody_awaits_nothing) { EXPECT_FALSE(awaits_start(2147483647)); }

}  // namespace
}  // namespace chock::supervisor
