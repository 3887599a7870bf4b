// SPDX-License-Identifier: Apache-2.0
#include "common/state/id.h"

#include "tests/unit/support.h"

namespace chock::state {
namespace {

TEST(id, accepts_names_of_directories) {
  const std::string good[] = {"a",   "init", "0",    "A-z_0.9+x", "...", ".hidden",
                              "a..", "_",    "+x",   "x-",        "a.b", std::string(255, 'x'),
                              "..a", ".-",   "con1", "_-",        "+"};
  for (const std::string& id : good) {
    EXPECT_EQ(test::error_of(check_id(id, "container id")), "(no error)") << id;
  }
}

TEST(id, says_which_rule_is_broken) {
  struct Case {
    std::string id;
    std::string message;
  };
  const std::string charset = "only letters, digits and _.+- are allowed";
  const std::string reserved = "it must not be . or .. or begin with a dash";
  const Case cases[] = {
      {"", "check container id '': it is empty"},
      {".", "check container id '.': " + reserved},
      {"..", "check container id '..': " + reserved},
      {"-", "check container id '-': " + reserved},
      {"-rf", "check container id '-rf': " + reserved},
      {"a/b", "check container id 'a/b': " + charset},
      {"../x", "check container id '../x': " + charset},
      {"/", "check container id '/': " + charset},
      {"a b", "check container id 'a b': " + charset},
      {"a\n", "check container id 'a\n': " + charset},
      {"caf\xC3\xA9", "check container id 'caf\xC3\xA9': " + charset},
      {"a:b", "check container id 'a:b': " + charset},
      {"a*", "check container id 'a*': " + charset},
      {std::string("a\0b", 3), "check container id 'a" + std::string(1, '\0') + "b': " + charset},
      {std::string(256, 'x'),
       "check container id '" + std::string(255, 'x') + "': it is longer than 255 characters"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(test::error_of(check_id(c.id, "container id")), c.message);
  }
}

TEST(id, judges_every_byte) {
  const std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string id{'x', static_cast<char>(byte)};
    EXPECT_EQ(check_id(id, "id").has_value(), allowed.contains(id[1])) << byte;
  }
}

}  // namespace
}  // namespace chock::state
