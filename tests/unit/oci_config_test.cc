// SPDX-License-Identifier: Apache-2.0
#include "common/state/oci_config.h"

#include "tests/unit/support.h"

namespace chock::state {
namespace {

// A config whose `linux` section is `section`.
std::string config_with(const std::string& section) {
  return R"({"process":{"args":["sh"],"cwd":"/"},"root":{"path":"rootfs"},"linux":)" + section +
         "}";
}
OciConfig parse_config(const std::string& text) { return test::must(parse_oci_config(text, "c")); }

TEST(oci_config, process_root_and_linux_are_required) {
  EXPECT_EQ(test::error_of(parse_oci_config(R"({"root":{}})", "/b/config.json")),
            "parse /b/config.json: process: must be present");
  EXPECT_EQ(test::error_of(parse_oci_config(R"({"process":{}})", "/b/config.json")),
            "parse /b/config.json: root: must be present");
  EXPECT_EQ(test::error_of(
                parse_oci_config(R"({"process":null,"root":{},"linux":{}})", "/b/config.json")),
            "parse /b/config.json: process: must be present");
  EXPECT_EQ(
      test::error_of(parse_oci_config(R"({"process":[],"root":{},"linux":{}})", "/b/config.json")),
      "parse /b/config.json: process: must be an object");
  EXPECT_EQ(test::error_of(parse_oci_config(R"({"process":{},"root":{}})", "/b/config.json")),
            "parse /b/config.json: linux: must be present");
  EXPECT_EQ(test::error_of(parse_oci_config(config_with("null"), "/b/config.json")),
            "parse /b/config.json: linux: must be present");
  EXPECT_EQ(test::error_of(parse_oci_config(config_with("[]"), "/b/config.json")),
            "parse /b/config.json: linux: must be an object");
  EXPECT_EQ(test::error_of(parse_oci_config("[]", "/b/config.json")),
            "parse /b/config.json: must be an object");
}

TEST(oci_config, path_of_root_is_required) {
  for (const char* root : {"{}", R"({"readonly":true})", R"({"path":null})", R"({"path":""})"}) {
    EXPECT_EQ(
        test::error_of(parse_oci_config(
            std::string(R"({"process":{},"linux":{},"root":)") + root + "}", "/b/config.json")),
        "parse /b/config.json: root: path: must be present")
        << root;
  }
  EXPECT_EQ(test::error_of(parse_oci_config(R"({"process":{},"linux":{},"root":{"path":7}})", "c")),
            "parse c: root: path: must be a string");
  EXPECT_EQ(test::error_of(parse_oci_config(R"({"process":{},"linux":{},"root":[]})", "c")),
            "parse c: root: must be an object");
}

TEST(oci_config, what_is_read_of_it) {
  const OciConfig config =
      parse_config(R"({"process":{"terminal":true,"cwd":"/w"},"root":{"path":"r"},"linux":{}})");
  EXPECT_TRUE(config.process.terminal);
  EXPECT_EQ(config.process.cwd, "/w");
  EXPECT_EQ(config.root_path, "r");
  EXPECT_FALSE(config.private_pid_namespace);
  EXPECT_EQ(config.root_uid, 0U);
}

TEST(oci_config, private_pid_namespace) {
  struct Case {
    const char* section;
    bool expected;
  };
  const Case cases[] = {
      {R"({"namespaces":[{"type":"pid"}]})", true},
      {R"({"namespaces":[{"type":"mount"},{"type":"pid","path":""}]})", true},
      {R"({"namespaces":[{"type":"pid","path":"/proc/1/ns/pid"}]})", false},
      {R"({"namespaces":[{"type":"mount"}]})", false},
      {R"({"namespaces":[]})", false},
      {R"({})", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parse_config(config_with(c.section)).private_pid_namespace, c.expected) << c.section;
    EXPECT_EQ(has_private_pid_namespace(config_with(c.section)), c.expected) << c.section;
  }
}

TEST(oci_config, what_cannot_be_read_has_no_private_pid_namespace) {
  const std::string bad[] = {
      "",
      "garbage",
      "[]",
      "null",
      R"({"linux":null})",
      R"({"linux":[]})",
      R"({"linux":{"namespaces":{}}})",
      R"({"linux":{"namespaces":[{"type":"pid"},7]}})",
      R"({"linux":{"namespaces":[{"type":"pid"},{"type":1}]}})",
      R"({"linux":{"namespaces":[{"type":"pid","path":1}]}})",
      std::string(100000, '{'),
  };
  for (const std::string& text : bad) {
    EXPECT_FALSE(has_private_pid_namespace(text)) << text;
  }
}

TEST(oci_config, root_ids_come_from_the_first_mapping_that_covers_root) {
  struct Case {
    const char* mappings;
    bool user_namespace;
    uint32_t expected;
  };
  const char* plain = R"([{"containerID":0,"hostID":100000,"size":65536}])";
  const Case cases[] = {
      {plain, true, 100000},
      {plain, false, 0},  // the mappings mean nothing without the namespace
      {R"([{"containerID":1,"hostID":5,"size":9},{"containerID":0,"hostID":7,"size":1}])", true, 7},
      {R"([{"containerID":0,"hostID":7,"size":1},{"containerID":0,"hostID":8,"size":1}])", true, 7},
      {R"([{"containerID":0,"hostID":7,"size":0},{"containerID":0,"hostID":8,"size":1}])", true, 8},
      {R"([{"hostID":4294967295,"size":1}])", true, 4294967295U},
      {R"([{"containerID":5,"hostID":7,"size":1}])", true, 0},
      {R"([])", true, 0},
  };
  for (const Case& c : cases) {
    const std::string namespaces = c.user_namespace ? R"([{"type":"user"}])" : "[]";
    for (const char* key : {"uidMappings", "gidMappings"}) {
      const OciConfig config = parse_config(
          config_with("{\"namespaces\":" + namespaces + ",\"" + key + "\":" + c.mappings + "}"));
      const bool uid = std::string_view(key) == "uidMappings";
      EXPECT_EQ(uid ? config.root_uid : config.root_gid, c.expected) << c.mappings;
      EXPECT_EQ(uid ? config.root_gid : config.root_uid, 0U) << c.mappings;
    }
  }
}

TEST(oci_config, bad_mappings_are_errors) {
  EXPECT_EQ(
      test::error_of(parse_oci_config(
          config_with(R"({"namespaces":[{"type":"user"}],"uidMappings":[{"hostID":-1}]})"), "c")),
      "parse c: linux: uidMappings: hostID: must be an integer in range");
}

}  // namespace
}  // namespace chock::state
