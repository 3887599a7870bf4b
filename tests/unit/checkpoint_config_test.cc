// SPDX-License-Identifier: Apache-2.0
#include "common/state/checkpoint_config.h"

#include "tests/unit/support.h"

namespace chock::state {
namespace {

TEST(checkpoint_config, round_trips) {
  const char* lines[] = {
      R"({"created":"2026-11-23T17:17:20.5Z","name":"one","tcp":true,"unixSockets":true,)"
      R"("shell":false,"exit":false,"emptyNS":["network"]})"
      "\n",
      R"({"created":"","name":"","tcp":false,"unixSockets":false,"shell":true,"exit":true})"
      "\n",
  };
  for (const char* line : lines) {
    const CheckpointConfig config = test::must(parse_checkpoint_config(line, "config.json"));
    EXPECT_EQ(format_checkpoint_config(config), line);
  }
}

TEST(checkpoint_config, each_flag_is_its_own) {
  const auto parse = [](const char* text) {
    return test::must(parse_checkpoint_config(text, "config.json"));
  };
  EXPECT_TRUE(parse(R"({"tcp":true})").tcp);
  EXPECT_TRUE(parse(R"({"unixSockets":true})").unix_sockets);
  EXPECT_TRUE(parse(R"({"shell":true})").shell);
  EXPECT_TRUE(parse(R"({"exit":true})").exit);
  const CheckpointConfig none = parse("{}");
  EXPECT_FALSE(none.tcp || none.unix_sockets || none.shell || none.exit);
  EXPECT_TRUE(none.empty_namespaces.empty());
}

TEST(checkpoint_config, errors_name_the_file) {
  EXPECT_EQ(test::error_of(parse_checkpoint_config(R"({"tcp":1})", "/ck/config.json")),
            "parse /ck/config.json: tcp: must be true or false");
  EXPECT_EQ(test::error_of(parse_checkpoint_config(R"({"emptyNS":"net"})", "/ck/config.json")),
            "parse /ck/config.json: emptyNS: must be an array of strings");
}

}  // namespace
}  // namespace chock::state
