// SPDX-License-Identifier: Apache-2.0
#include "common/result.h"

#include <errno.h>

#include "tests/unit/support.h"

namespace chock {
namespace {

TEST(result, message_names_operation_object_and_reason) {
  struct Case {
    Error error;
    const char* message;
  };
  const Case cases[] = {
      {{ENOENT, "open", "exit", {}}, "open exit: no such file or directory"},
      {{ENOENT, "open", {}, {}}, "open: no such file or directory"},
      {{0, "parse", "process.json", "must be a string"}, "parse process.json: must be a string"},
      {{EACCES, "run", "x", "not as nobody"}, "run x: not as nobody"},
      {{ENOTDIR, {}, {}, {}}, "not a directory"},
      {{0, {}, "object", {}}, "object"},
      {{0, {}, {}, "detail"}, "detail"},
      {{}, ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(c.error.message(), c.message);
  }
}

// Peers compare with these words.
TEST(result, error_text_is_the_kernels_in_lower_case) {
  EXPECT_EQ(error_text(ENOENT), "no such file or directory");
  EXPECT_EQ(error_text(EACCES), "permission denied");
  EXPECT_EQ(error_text(ENOTDIR), "not a directory");
  EXPECT_EQ(error_text(ENOEXEC), "exec format error");
  EXPECT_EQ(error_text(99999), "error 99999");
}

TEST(result, system_error_takes_errno_as_it_stands) {
  errno = EMFILE;
  const Result<int> result = system_error("open", "a file whose name is too long for its string");
  EXPECT_EQ(test::code_of(result), EMFILE);
}

Result<int> half_of(int number) {
  if (number % 2 != 0) {
    return input_error("halve", std::to_string(number), "it is odd");
  }
  return number / 2;
}

Result<int> quarter_of(int number) {
  const int half = TRY(half_of(number));
  return TRY(half_of(half));
}

TEST(result, try_yields_the_value_or_returns_the_error) {
  EXPECT_EQ(test::must(quarter_of(8)), 2);
  EXPECT_EQ(test::error_of(quarter_of(6)), "halve 3: it is odd");
  EXPECT_EQ(test::error_of(quarter_of(5)), "halve 5: it is odd");
}

}  // namespace
}  // namespace chock
