// SPDX-License-Identifier: Apache-2.0
// Table lines up columns of text for people to read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chock::supervisor::cli {

// How something is shown where colours are; elsewhere all look the same.
enum class Style { Plain, Strong, Good, Warning, Bad, Faint };

// Colours: whether stdout gets any. They are off if it is no terminal, a dumb one, or NO_COLOR is
// set (https://no-color.org).
enum class Colours { Off, On };
[[nodiscard]] Colours colours_of_stdout();

// `text` as a terminal can safely show it: control characters, which a container's names may
// contain, are replaced by '?'.
[[nodiscard]] std::string printable(std::string_view text);

class Table {
 public:
  enum class Align { Left, Right };
  struct Column {
    std::string title;
    Align align = Align::Left;
    size_t width = 0;  // at least, where later rows have to line up with these
  };
  struct Cell {
    std::string text;
    Style style = Style::Plain;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void add_row(std::vector<Cell> cells);

  enum class Titles { Shown, Hidden };
  // A line of titles and a line a row; columns are two blanks apart, and no line ends in blanks.
  [[nodiscard]] std::string format(Colours colours, Titles titles = Titles::Shown) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace chock::supervisor::cli
