// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/detach_keys.h"

#include "tests/unit/support.h"

namespace chock::supervisor::cli {
namespace {

using test::must;

constexpr char kP = 'p' & 0x1f;
constexpr char kQ = 'q' & 0x1f;

// What is passed on of `typed`, one key at a time; "!" marks where it detached.
std::string pass(std::string_view keys, std::string_view typed) {
  DetachKeys detach = must(DetachKeys::parse(keys));
  std::string passed;
  for (const char key : typed) {
    const DetachKeys::Scan scan = detach.scan(std::string_view(&key, 1));
    passed += scan.keys;
    if (scan.detached) {
      return passed + "!";
    }
  }
  return passed;
}

TEST(detach_keys, podmans_default) {
  const std::string p(1, kP);
  const std::string q(1, kQ);
  EXPECT_EQ(pass("ctrl-p,ctrl-q", "ls\r"), "ls\r");
  EXPECT_EQ(pass("ctrl-p,ctrl-q", "ls" + p + q + "rest"), "ls!");
  EXPECT_EQ(pass("ctrl-p,ctrl-q", p + "x" + p + p + "y" + q), p + "x" + p + p + "y" + q);
  EXPECT_EQ(pass("ctrl-p,ctrl-q", p + p + q), p + "!");
  EXPECT_EQ(pass("ctrl-p,ctrl-q", "a" + p), "a") << "held back until the next key";
}

TEST(detach_keys, all_at_once) {
  DetachKeys keys = must(DetachKeys::parse("ctrl-p,ctrl-q"));
  const DetachKeys::Scan scan = keys.scan(std::string("abc") + kP + kQ + "def");
  EXPECT_TRUE(scan.detached);
  EXPECT_EQ(scan.keys, "abc");
}

TEST(detach_keys, a_sequence_that_begins_like_itself) {
  EXPECT_EQ(pass("a,a,b", "aaab"), "a!");
  EXPECT_EQ(pass("a,b,a,c", "ababac"), "ab!");
}

TEST(detach_keys, none) {
  EXPECT_EQ(pass("", std::string{kP, kQ, 'x'}), (std::string{kP, kQ, 'x'}));
}

TEST(detach_keys, every_control_key) {
  EXPECT_EQ(pass("ctrl-a", "x\x01"), "x!");
  EXPECT_EQ(pass("ctrl-@", std::string_view("x\0", 2)), "x!");
  EXPECT_EQ(pass("ctrl-]", "x\x1d"), "x!");
  EXPECT_EQ(pass("ctrl-_", "x\x1f"), "x!");
}

TEST(detach_keys, what_is_no_key) {
  for (const char* text : {",", "a,", ",a", "a,,b", "ctrl-", "ctrl-P", "ctrl-1", "ctrl-ab", "xy"}) {
    EXPECT_FALSE(DetachKeys::parse(text)) << text;
  }
}

}  // namespace
}  // namespace chock::supervisor::cli
