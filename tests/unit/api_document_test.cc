// SPDX-License-Identifier: Apache-2.0
// docs/api.md names every method, and no other.
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "supervisor/supervisor.h"
#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

std::string read_document() {
  const std::ifstream file(CHOCK_DOCS "/api.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex expression(pattern, std::regex::multiline);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

TEST(api_document, has_every_method_in_the_table_and_in_a_section) {
  const std::string text = read_document();
  const size_t table = text.find("\n## Methods\n");
  const size_t sections = text.find("\n### ", table);
  ASSERT_NE(sections, std::string::npos);
  const std::vector<std::string_view> methods = Supervisor::methods();
  std::set<std::string> expected(methods.begin(), methods.end());
  expected.insert("events");  // which is the connection's own
  EXPECT_EQ(matches(text.substr(table, sections - table), "^\\| `([a-z-]+)` \\|"), expected);
  EXPECT_EQ(matches(text.substr(sections), "^### ([a-z-]+)$"), expected);
}

}  // namespace
}  // namespace chock::supervisor
