// SPDX-License-Identifier: Apache-2.0
#include "common/state/container_state.h"

#include "tests/unit/support.h"

namespace chock::state {
namespace {

using Strings = std::vector<std::string>;

TEST(container_state, every_field_is_read) {
  const ContainerState state = test::must(parse_container_state(
      R"({"bundle":"/b","labels":["foo","b=\u003c\u0026\u003e"],"stdin":"ignored","runtime":"runc",)"
      R"("runtimeArgs":["--root=/r"],"shim":"containerd-shim","noPivotRoot":true})"));
  EXPECT_EQ(state.bundle, "/b");
  EXPECT_EQ(state.labels, (Strings{"foo", "b=<&>"}));
  EXPECT_EQ(state.runtime, "runc");
  EXPECT_EQ(state.runtime_args, Strings{"--root=/r"});
  EXPECT_EQ(state.shim, "containerd-shim");
  EXPECT_TRUE(state.no_pivot_root);
}

TEST(container_state, keep_is_written_where_it_says_something) {
  EXPECT_TRUE(test::must(parse_container_state(format_container_state({.keep = true}))).keep);
  EXPECT_FALSE(test::must(parse_container_state(format_container_state({}))).keep);
}

TEST(container_state, null_lists_stay_apart_from_empty_ones) {
  const ContainerState state =
      test::must(parse_container_state(R"({"labels":null,"runtimeArgs":[]})"));
  EXPECT_EQ(state.labels, std::nullopt);
  EXPECT_EQ(state.runtime_args, Strings{});
  EXPECT_EQ(format_container_state(state),
            R"({"bundle":"","labels":null,"stdin":"","stdout":"","stderr":"","runtime":"",)"
            R"("runtimeArgs":[],"shim":"","noPivotRoot":false})"
            "\n");
}

TEST(container_state, missing_keys_are_zero_values) {
  const ContainerState state = test::must(parse_container_state("{}"));
  EXPECT_EQ(state.bundle, "");
  EXPECT_EQ(state.labels, std::nullopt);
  EXPECT_EQ(state.runtime_args, std::nullopt);
  EXPECT_EQ(state.shim, "");
  EXPECT_FALSE(state.no_pivot_root);
}

TEST(container_state, errors_name_the_key) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {R"({"bundle":1})", "parse state.json: bundle: must be a string"},
      {R"({"labels":"x"})", "parse state.json: labels: must be an array of strings"},
      {R"({"labels":[1]})", "parse state.json: labels: must be an array of strings"},
      {R"({"runtimeArgs":{}})", "parse state.json: runtimeArgs: must be an array of strings"},
      {R"({"noPivotRoot":"no"})", "parse state.json: noPivotRoot: must be true or false"},
      {R"([])", "parse state.json: must be an object"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(test::error_of(parse_container_state(c.text)), c.error);
  }
  EXPECT_FALSE(parse_container_state("").has_value());
}

}  // namespace
}  // namespace chock::state
