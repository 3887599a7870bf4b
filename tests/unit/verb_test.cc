// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/verb.h"

#include <algorithm>
#include <string>

#include "tests/unit/support.h"

namespace chock::supervisor::cli {
namespace {

TEST(verb, each_explains_itself) {
  for (const Verb* verb : verbs()) {
    EXPECT_FALSE(verb->summary.empty()) << verb->name;
    EXPECT_TRUE(verb->example.starts_with("chock " + std::string(verb->name))) << verb->name;
    EXPECT_NE(verb->declare, nullptr) << verb->name;
  }
}

TEST(verb, names_differ) {
  for (const Verb* verb : verbs()) {
    EXPECT_EQ(std::ranges::count(verbs(), verb->name, &Verb::name), 1) << verb->name;
  }
}

TEST(verb, names_of_two_words) {
  EXPECT_EQ(verbs_below("checkpoint").size(), 3U);
  EXPECT_TRUE(verbs_below("check").empty());
  EXPECT_TRUE(verbs_below("run").empty());
  EXPECT_TRUE(verbs_below("").empty());
}

TEST(verb, suggestions_for_slips) {
  EXPECT_EQ(nearest_verb("run"), "run");
  EXPECT_EQ(nearest_verb("rnu"), "run");
  EXPECT_EQ(nearest_verb("runn"), "run");
  EXPECT_EQ(nearest_verb("rn"), "run");
  EXPECT_EQ(nearest_verb("delte"), "delete");
  EXPECT_EQ(nearest_verb("lsit"), "list");
}

TEST(verb, no_suggestion_for_what_is_no_slip) {
  EXPECT_EQ(nearest_verb(""), "");
  EXPECT_EQ(nearest_verb("zzz"), "");
  EXPECT_EQ(nearest_verb(std::string(100000, 'r')), "");
}

}  // namespace
}  // namespace chock::supervisor::cli
