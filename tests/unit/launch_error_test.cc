// SPDX-License-Identifier: Apache-2.0
#include "supervisor/launch_error.h"

#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

constexpr char kRunc[] =
    "oci runtime error: runc create failed: unable to start container process: ";

void expect(int code, const std::string& reason) {
  EXPECT_EQ(exit_code_of_failure(reason), code) << reason;
}

TEST(launch_error, a_program_that_is_not_found) {
  const std::string runc = kRunc;
  expect(kExitNotFound, runc + R"(exec: "x": executable file not found in $PATH)");
  expect(kExitNotFound, runc + R"(exec: "/x": stat /x: no such file or directory)");
  expect(kExitNotFound, runc + R"(exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory)");
  expect(kExitNotFound, "oci runtime error: executable file `x` not found in $PATH");
  expect(kExitNotFound,
         "oci runtime error: executable file `x` not found in $PATH: No such file or directory");
}

TEST(launch_error, a_program_that_cannot_be_executed) {
  const std::string runc = kRunc;
  expect(kExitNotExecutable, runc + R"(exec: "/x": permission denied)");
  expect(kExitNotExecutable, runc + R"(exec: "/tmp": is a directory)");
  expect(kExitNotExecutable, runc + "exec /x: exec format error");
  expect(kExitNotExecutable, "oci runtime error: open executable: Permission denied");
}

TEST(launch_error, the_name_of_a_program_is_no_reason) {
  const std::string runc = kRunc;
  expect(kExitNotExecutable, runc + R"(exec: "/etc/not found x": permission denied)");
  expect(kExitNotExecutable, runc + R"(exec: "/a\": not found": permission denied)");
  expect(kExitNotExecutable, runc + R"(exec: "/not found": stat /not found: permission denied)");
  expect(kExitNotFound, runc + R"(exec: "/permission denied": executable file not found in $PATH)");
  expect(kExitNotFound, "oci runtime error: executable file `is a directory` not found in $PATH");
}

TEST(launch_error, what_is_not_the_programs_fault) {
  const std::string runc = kRunc;
  expect(kExitOwnFailure, "");
  expect(kExitOwnFailure, "shim error: exec: \"x\": not found");
  expect(kExitOwnFailure, "open /b/config.json: no such file or directory");
  expect(kExitOwnFailure, runc + R"(error mounting "/s" to rootfs: no such file or directory)");
  expect(kExitOwnFailure, runc + R"(error mounting "/executable" to rootfs: permission denied)");
  expect(kExitOwnFailure, runc + R"(exec: "x": something else)");
}

TEST(launch_error, neither_is_what_could_not_be_undone) {
  const std::string undone = std::string(kNotUndone) + "remove \"a\": no such file or directory";
  expect(kExitNotExecutable, kRunc + std::string(R"(exec: "/x": permission denied)") + undone);
  expect(kExitOwnFailure, kRunc + std::string(R"(exec: "/x": something else)") + undone);
}

}  // namespace
}  // namespace chock::supervisor
