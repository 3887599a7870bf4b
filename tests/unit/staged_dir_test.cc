// SPDX-License-Identifier: Apache-2.0
#include "supervisor/staged_dir.h"

#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

std::vector<std::string> names_in(const sys::StateDir& root) {
  std::vector<std::string> names;
  for (const sys::StateDir::Entry& entry : test::must(root.list())) {
    names.push_back(entry.name);
  }
  return names;
}

TEST(staged_dir, is_not_swept_while_somebody_is_at_it) {
  const test::TempDir temp;
  const sys::StateDir root = temp.open();
  {
    StagedDir one = test::must(StagedDir::make(root));
    const StagedDir other = test::must(StagedDir::make(root));
    EXPECT_EQ(names_in(root).size(), 2U);
    for (const std::string& name : names_in(root)) {
      EXPECT_TRUE(StagedDir::is_staged(name)) << name;
      test::must(StagedDir::sweep(root, name));
    }
    EXPECT_EQ(names_in(root).size(), 2U);
    EXPECT_EQ(test::must(one.publish(root, "c")).path(), temp / "c");
  }
  EXPECT_EQ(names_in(root), std::vector<std::string>{"c"});
  EXPECT_FALSE(StagedDir::is_staged("c"));
}

TEST(staged_dir, is_swept_when_nobody_is) {
  const test::TempDir temp;
  const sys::StateDir root = temp.open();
  for (const char* name : {"~1", "~1-2"}) {  // an earlier version's, whoever has that number now
    static_cast<void>(test::must(root.make_dir(name)));
    test::write_text(temp / name + "/state.json", "{}");
    test::must(StagedDir::sweep(root, name));
    test::must(StagedDir::sweep(root, name));
  }
  EXPECT_EQ(names_in(root), std::vector<std::string>{});
}

TEST(staged_dir, taken_back_at_the_same_time_as_others) {
  const test::TempDir temp;
  const sys::StateDir root = temp.open();
  static_cast<void>(test::must(root.make_dir("a")));
  static_cast<void>(test::must(root.make_dir("b")));
  StagedDir a = test::must(StagedDir::take_back(root, root, "a"));
  StagedDir b = test::must(StagedDir::take_back(root, root, "b"));
  EXPECT_EQ(test::code_of(StagedDir::take_back(root, root, "a")), ENOENT);
  EXPECT_EQ(names_in(root).size(), 2U);
  test::must(a.discard());
  EXPECT_EQ(names_in(root).size(), 1U);
  test::must(b.discard());
  EXPECT_EQ(names_in(root).size(), 0U);
}

}  // namespace
}  // namespace chock::supervisor
