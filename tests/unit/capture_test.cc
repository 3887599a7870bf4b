// SPDX-License-Identifier: Apache-2.0
#include "common/sys/capture.h"

#include <errno.h>
#include <unistd.h>

#include <string>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

using test::must;

TEST(capture, has_what_was_written) {
  const Capture capture = must(Capture::make("output", 100));
  EXPECT_EQ(must(capture.read()), "");
  ASSERT_EQ(::write(capture.fd(), "one\n", 4), 4);
  EXPECT_EQ(must(capture.read()), "one\n");
  ASSERT_EQ(::write(capture.fd(), "two\n", 4), 4);
  EXPECT_EQ(must(capture.read()), "one\ntwo\n");
}

TEST(capture, refuses_what_is_too_much) {
  const Capture capture = must(Capture::make("output", 10));
  const std::string much(20, 'x');
  ssize_t written = 0;
  for (ssize_t count = 0; count >= 0; written += count) {
    count = ::write(capture.fd(), much.data(), much.size());
    if (count < 0) {
      EXPECT_EQ(errno, EPERM);
      break;
    }
  }
  EXPECT_LE(written, 10);
  EXPECT_EQ(must(capture.read()), much.substr(0, static_cast<size_t>(written)));
}

}  // namespace
}  // namespace chock::sys
