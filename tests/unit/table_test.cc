// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/table.h"

#include "tests/unit/support.h"

namespace chock::supervisor::cli {
namespace {

Table example() {
  Table table({{"ID"}, {"SIZE", Table::Align::Right}, {"NOTE"}});
  table.add_row({{"a"}, {"10"}, {"first"}});
  table.add_row({{"longer"}, {"7"}, {}});
  return table;
}

TEST(table, columns_line_up) {
  EXPECT_EQ(example().format(Colours::Off),
            "ID      SIZE  NOTE\n"
            "a         10  first\n"
            "longer     7\n");
}

TEST(table, of_no_rows_is_its_titles) {
  EXPECT_EQ(Table({{"A"}, {"B"}}).format(Colours::Off), "A  B\n");
}

TEST(table, later_rows_line_up_with_earlier_ones) {
  Table table({{.title = "ID", .width = 6}, {.title = "X"}});
  table.add_row({{"a"}, {"1"}});
  EXPECT_EQ(table.format(Colours::Off), "ID      X\na       1\n");
  EXPECT_EQ(table.format(Colours::Off, Table::Titles::Hidden), "a       1\n");
}

TEST(table, counts_characters_not_bytes) {
  Table table({{"N"}, {"X"}});
  table.add_row({{"\xc3\xbc\xc3\xbc"}, {"1"}});
  EXPECT_EQ(table.format(Colours::Off), "N   X\n\xc3\xbc\xc3\xbc  1\n");
}

TEST(table, colours_do_not_move_columns) {
  Table table({{"STATUS"}, {"X"}});
  table.add_row({{"ok", Style::Good}, {"1", Style::Plain}});
  EXPECT_EQ(table.format(Colours::Off), "STATUS  X\nok      1\n");
  EXPECT_EQ(table.format(Colours::On),
            "\x1b[1mSTATUS\x1b[0m  \x1b[1mX\x1b[0m\n\x1b[32mok\x1b[0m      1\n");
}

TEST(table, shows_no_control_characters) {
  EXPECT_EQ(printable("a\x1b[31m\nb\x7f"), "a?[31m?b?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "1m \xc2\xa0"),
            "?1m \xc2\xa0");
  EXPECT_EQ(printable("\xff"), "\xef\xbf\xbd");
  Table table({{"A"}});
  table.add_row({{"x\x1b]0;title\x07"}});
  EXPECT_EQ(table.format(Colours::On), "\x1b[1mA\x1b[0m\nx?]0;title?\n");
}

}  // namespace
}  // namespace chock::supervisor::cli
