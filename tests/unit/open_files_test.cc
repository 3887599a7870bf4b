// SPDX-License-Identifier: Apache-2.0
#include "common/sys/open_files.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "common/sys/unique_fd.h"
#include "tests/unit/support.h"

namespace chock::sys {
namespace {

TEST(open_files, counts_what_is_open) {
  const size_t before = count_open_files();
  const UniqueFd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  UniqueFd two(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(count_open_files(), before + 2);
  two.reset();
  EXPECT_EQ(count_open_files(), before + 1);
}

TEST(open_files, a_quarter_is_kept_for_what_ends) {
  rlimit former{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &former), 0);
  const size_t used = count_open_files();
  const auto spare_with = [&former](size_t limit) {
    const rlimit tight{.rlim_cur = limit, .rlim_max = former.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    EXPECT_EQ(open_file_limit(), limit);
    return has_open_files_to_spare();
  };
  EXPECT_FALSE(spare_with(used));
  EXPECT_FALSE(spare_with(used + used / 3));
  EXPECT_TRUE(spare_with(used * 2));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &former), 0);
}

}  // namespace
}  // namespace chock::sys
