// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/exec_options.h"

#include <stdlib.h>

#include "tests/unit/support.h"

namespace chock::supervisor::cli {
namespace {

using test::error_of;
using test::must;
using Strings = std::vector<std::string>;

TEST(exec_options, users) {
  EXPECT_EQ(must(parse_user("0")).uid, 0U);
  EXPECT_EQ(must(parse_user("1000")).gid, 0U);
  EXPECT_EQ(must(parse_user("7:4294967294")).uid, 7U);
  EXPECT_EQ(must(parse_user("7:4294967294")).gid, 4294967294U);
}

TEST(exec_options, no_users) {
  for (const char* text : {"", ":", "1:", ":1", "root", "1:wheel", "-1", "4294967295", "1:2:3",
                           " 1", "0x1", "99999999999999999999"}) {
    EXPECT_TRUE(error_of(parse_user(text)).contains("UID:GID")) << text;
  }
}

TEST(exec_options, environment) {
  ::setenv("CHOCK_TEST_SET", "from us", 1);
  ::unsetenv("CHOCK_TEST_UNSET");
  EXPECT_EQ(must(parse_environment({"A=b", "E=", "X=a=b", "CHOCK_TEST_SET", "CHOCK_TEST_UNSET"})),
            (Strings{"A=b", "E=", "X=a=b", "CHOCK_TEST_SET=from us"}));
  EXPECT_TRUE(error_of(parse_environment({"=b"})).contains("NAME=VALUE"));
  EXPECT_TRUE(error_of(parse_environment({""})).contains("NAME=VALUE"));
}

TEST(exec_options, capabilities) {
  EXPECT_EQ(must(parse_capability("CAP_KILL")), "CAP_KILL");
  EXPECT_EQ(must(parse_capability("net_admin")), "CAP_NET_ADMIN");
  for (const char* text : {"", "a b", "kill;", "CAP-KILL"}) {
    EXPECT_TRUE(error_of(parse_capability(text)).contains("CAP_KILL")) << text;
  }
}

TEST(exec_options, process_files) {
  const test::TempDir directory;
  test::write_text(directory / "good", R"({"args":["/bin/ls","-l"],"cwd":"/","terminal":true})");
  const state::OciProcess process = must(read_process_file(directory / "good"));
  EXPECT_EQ(process.args, (Strings{"/bin/ls", "-l"}));
  EXPECT_TRUE(process.terminal);

  test::write_text(directory / "list", "[]");
  test::write_text(directory / "deep", std::string(100000, '['));
  EXPECT_TRUE(error_of(read_process_file(directory / "list")).contains("list"));
  EXPECT_TRUE(error_of(read_process_file(directory / "deep")).contains("deep"));
  EXPECT_TRUE(error_of(read_process_file(directory / "none")).contains("no such file"));
  EXPECT_FALSE(read_process_file(directory / ""));
}

}  // namespace
}  // namespace chock::supervisor::cli
