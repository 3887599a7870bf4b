// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/table.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "common/state/json.h"

namespace chock::supervisor::cli {
namespace {

constexpr std::string_view kGap = "  ";

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::Plain:
      return {};
    case Style::Strong:
      return "\x1b[1m";
    case Style::Good:
      return "\x1b[32m";
    case Style::Warning:
      return "\x1b[33m";
    case Style::Bad:
      return "\x1b[31m";
    case Style::Faint:
      return "\x1b[2m";
  }
  return {};
}

std::string paint(const std::string& text, Style style, Colours colours) {
  if (colours == Colours::Off || style == Style::Plain || text.empty()) {
    return text;
  }
  return std::string(escape_of(style)) + text + "\x1b[0m";
}

// Code points, of which a terminal shows each in one column (wide scripts would be off by some).
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string pad(const Table::Cell& cell, Table::Align align, size_t width, Colours colours) {
  const std::string blanks(width - width_of(cell.text), ' ');
  const std::string text = paint(cell.text, cell.style, colours);
  return align == Table::Align::Left ? text + blanks : blanks + text;
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

}  // namespace

Colours colours_of_stdout() {
  const char* no_color = ::getenv("NO_COLOR");
  const char* terminal = ::getenv("TERM");
  const bool refused = no_color != nullptr && *no_color != '\0';
  const bool able = terminal != nullptr && std::string_view(terminal) != "dumb";
  return !refused && able && ::isatty(STDOUT_FILENO) == 1 ? Colours::On : Colours::Off;
}

std::string printable(std::string_view text) {
  std::string result = state::to_valid_utf8(text);
  std::ranges::replace_if(
      result, [](char c) { return is_control(static_cast<unsigned char>(c)); }, '?');
  // U+0080 to U+009F, in UTF-8: C1 control characters, which some terminals obey.
  for (size_t at = result.find('\xc2'); at != std::string::npos; at = result.find('\xc2', at + 1)) {
    if (static_cast<unsigned char>(result[at + 1]) < 0xa0) {
      result.replace(at, 2, 1, '?');
    }
  }
  return result;
}

void Table::add_row(std::vector<Cell> cells) {
  assert(cells.size() == columns_.size());
  for (Cell& cell : cells) {
    cell.text = printable(cell.text);
  }
  rows_.push_back(std::move(cells));
}

std::string Table::format(Colours colours, Titles titles) const {
  std::vector<std::vector<Cell>> lines;
  std::vector<size_t> widths;
  if (titles == Titles::Shown) {
    lines.emplace_back();
  }
  for (const Column& column : columns_) {
    widths.push_back(column.width);
    if (titles == Titles::Shown) {
      lines.front().push_back({column.title, Style::Strong});
    }
  }
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  for (const std::vector<Cell>& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(line[i].text));
    }
  }
  std::string text;
  for (const std::vector<Cell>& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      text += i == 0 ? "" : kGap;
      text += pad(line[i], columns_[i].align, widths[i], colours);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace chock::supervisor::cli
