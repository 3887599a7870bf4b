// SPDX-License-Identifier: Apache-2.0
#include "common/state/process_state.h"

#include <limits>

#include "tests/unit/support.h"

namespace chock::state {
namespace {

ProcessState parse_process(std::string_view text) { return test::must(parse_process_state(text)); }

using Strings = std::vector<std::string>;

TEST(process_state, an_empty_object_is_all_zero_values) {
  const ProcessState state = parse_process("{}");
  EXPECT_EQ(format_process_state(state),
            R"({"user":{"uid":0,"gid":0},"args":[],"cwd":"","exec":false,"containerdStdin":"",)"
            R"("containerdStdout":"","containerdStderr":"","runtimeArgs":[],"noPivotRoot":false,)"
            R"("checkpoint":"","rootUID":0,"rootGID":0})"
            "\n");
  EXPECT_FALSE(state.process.capabilities.has_value());
  EXPECT_FALSE(state.process.console_size.has_value());
  EXPECT_FALSE(state.process.oom_score_adj.has_value());
  EXPECT_FALSE(state.sealed);
}

TEST(process_state, every_field_is_read) {
  const ProcessState state =
      parse_process(R"({"terminal":true,"consoleSize":{"height":24,"width":80},
    "user":{"uid":1,"gid":4294967295,"additionalGids":[3,4],"username":"u"},"args":["a","b"],
    "env":["E=1"],"cwd":"/w","capabilities":{"bounding":["B"],"effective":["E"],
    "inheritable":["I"],"permitted":["P"],"ambient":["A"]},
    "rlimits":[{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":9223372036854771712}],
    "noNewPrivileges":true,"apparmorProfile":"aa","oomScoreAdj":-999,"selinuxLabel":"se",
    "exec":true,"containerdStdin":"/i","containerdStdout":"/o","containerdStderr":"/e",
    "runtimeArgs":["--x"],"noPivotRoot":true,"checkpoint":"/ck","rootUID":100000,
    "rootGID":4294967295,"sealed":true,"unknown":{"x":[1]}})");
  const OciProcess& process = state.process;
  EXPECT_TRUE(process.terminal);
  EXPECT_EQ(test::must(process.console_size).height, 24U);
  EXPECT_EQ(test::must(process.console_size).width, 80U);
  EXPECT_EQ(process.user.uid, 1U);
  EXPECT_EQ(process.user.gid, 4294967295U);
  EXPECT_EQ(process.user.additional_gids, (std::vector<uint32_t>{3, 4}));
  EXPECT_EQ(process.user.username, "u");
  EXPECT_EQ(process.args, (Strings{"a", "b"}));
  EXPECT_EQ(process.env, Strings{"E=1"});
  EXPECT_EQ(process.cwd, "/w");
  const Capabilities capabilities = test::must(process.capabilities);
  EXPECT_EQ(capabilities.bounding, Strings{"B"});
  EXPECT_EQ(capabilities.effective, Strings{"E"});
  EXPECT_EQ(capabilities.inheritable, Strings{"I"});
  EXPECT_EQ(capabilities.permitted, Strings{"P"});
  EXPECT_EQ(capabilities.ambient, Strings{"A"});
  ASSERT_EQ(process.rlimits.size(), 1U);
  EXPECT_EQ(process.rlimits[0].type, "RLIMIT_CORE");
  EXPECT_EQ(process.rlimits[0].hard, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(process.rlimits[0].soft, 9223372036854771712U);
  EXPECT_TRUE(process.no_new_privileges);
  EXPECT_EQ(process.apparmor_profile, "aa");
  EXPECT_EQ(process.oom_score_adj, -999);
  EXPECT_EQ(process.selinux_label, "se");
  EXPECT_TRUE(state.exec);
  EXPECT_EQ(state.stdin_path, "/i");
  EXPECT_EQ(state.stdout_path, "/o");
  EXPECT_EQ(state.stderr_path, "/e");
  EXPECT_EQ(state.runtime_args, Strings{"--x"});
  EXPECT_TRUE(state.no_pivot_root);
  EXPECT_EQ(state.checkpoint, "/ck");
  EXPECT_EQ(state.root_uid, 100000U);
  EXPECT_EQ(state.root_gid, 4294967295U);
  EXPECT_TRUE(state.sealed);
}

TEST(process_state, capabilities_as_object_list_and_nothing) {
  struct Case {
    const char* read;
    const char* written;
  };
  const Case cases[] = {
      {R"({"capabilities":{}})", R"("capabilities":{},)"},
      {R"({"capabilities":{"ambient":["X"]}})", R"("capabilities":{"ambient":["X"]},)"},
      {R"({"capabilities":["X","Y"]})",
       R"("capabilities":{"bounding":["X","Y"],"effective":["X","Y"],"inheritable":["X","Y"],)"
       R"("permitted":["X","Y"]},)"},
      {R"({"capabilities":[]})", R"("capabilities":{},)"},
      {R"({"capabilities":null})", R"("cwd":"","exec")"},
      {R"({})", R"("cwd":"","exec")"},
  };
  for (const Case& c : cases) {
    const std::string written = format_process_state(parse_process(c.read));
    EXPECT_NE(written.find(c.written), std::string::npos) << c.read << " became " << written;
  }
}

TEST(process_state, keys_match_in_any_case) {
  const ProcessState state = parse_process(
      R"({"containerdStdin":"/a","CONTAINERDSTDIN":"/b","USER":{"UID":5},"Args":["x"]})");
  EXPECT_EQ(state.stdin_path, "/b");
  EXPECT_EQ(state.process.user.uid, 5U);
  EXPECT_EQ(state.process.args, Strings{"x"});
}

TEST(process_state, a_wrong_type_anywhere_is_an_error) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {R"({"terminal":1})", "terminal: must be true or false"},
      {R"({"consoleSize":[1,2]})", "consoleSize: must be an object"},
      {R"({"consoleSize":{"height":-1}})", "consoleSize: height: must be an integer in range"},
      {R"({"user":"root"})", "user: must be an object"},
      {R"({"user":{"uid":"0"}})", "user: uid: must be an integer in range"},
      {R"({"user":{"uid":-1}})", "user: uid: must be an integer in range"},
      {R"({"user":{"gid":4294967296}})", "user: gid: must be an integer in range"},
      {R"({"user":{"additionalGids":7}})", "user: additionalGids: must be an array of integers"},
      {R"({"args":"sleep"})", "args: must be an array of strings"},
      {R"({"args":["a",1]})", "args: must be an array of strings"},
      {R"({"env":{}})", "env: must be an array of strings"},
      {R"({"cwd":7})", "cwd: must be a string"},
      {R"({"capabilities":"all"})", "capabilities: must be an object"},
      {R"({"capabilities":[1]})", "capabilities: must be an array of strings"},
      {R"({"capabilities":{"ambient":"x"}})", "capabilities: ambient: must be an array of strings"},
      {R"({"rlimits":{}})", "rlimits: must be an array of objects"},
      {R"({"rlimits":[{"hard":1.5}]})", "rlimits: hard: must be an integer in range"},
      {R"({"rlimits":[{"soft":18446744073709551616}]})",
       "rlimits: soft: must be an integer in range"},
      {R"({"oomScoreAdj":"5"})", "oomScoreAdj: must be an integer in range"},
      {R"({"exec":"true"})", "exec: must be true or false"},
      {R"({"containerdStdin":false})", "containerdStdin: must be a string"},
      {R"({"runtimeArgs":"--x"})", "runtimeArgs: must be an array of strings"},
      {R"({"rootUID":-1})", "rootUID: must be an integer in range"},
      {R"({"sealed":1})", "sealed: must be true or false"},
      {R"([])", "must be an object"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(test::error_of(parse_process_state(c.text)),
              std::string("parse process.json: ") + c.error);
  }
}

TEST(process_state, truncation_anywhere_is_an_error) {
  const std::string text =
      format_process_state(parse_process(R"({"args":["sh"],"capabilities":["X"]})"));
  const size_t closed = text.size() - 1;  // what comes after the brace is only the newline
  for (size_t length = 0; length < closed; ++length) {
    EXPECT_FALSE(parse_process_state(text.substr(0, length)).has_value()) << length;
  }
  EXPECT_TRUE(parse_process_state(text.substr(0, closed)).has_value());
}

}  // namespace
}  // namespace chock::state
