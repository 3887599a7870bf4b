// SPDX-License-Identifier: Apache-2.0
// The control fifo: any bytes, cut into writes anywhere. The first input byte says where.
#include <string>
#include <vector>

#include "common/state/control_message.h"
#include "tests/fuzz/fuzz.h"

namespace {

using chock::state::ControlLine;
using chock::state::LineSplitter;

struct Cut {
  std::vector<std::string> lines;  // without those that were too long
  size_t too_long = 0;
  friend bool operator==(const Cut&, const Cut&) = default;
};

// In pieces whose sizes follow from `seed`.
Cut cut(std::string_view stream, uint32_t seed) {
  constexpr uint32_t kMultiplier = 1664525;
  constexpr uint32_t kIncrement = 1013904223;
  constexpr uint32_t kLongestPiece = 600;
  LineSplitter splitter;
  Cut result;
  while (!stream.empty()) {
    seed = seed * kMultiplier + kIncrement;
    const size_t size = std::min<size_t>(stream.size(), 1 + (seed >> 8U) % kLongestPiece);
    splitter.append(stream.substr(0, size));
    stream.remove_prefix(size);
    while (const auto line = splitter.take_line()) {
      if (line->too_long) {
        ++result.too_long;
      } else {
        result.lines.push_back(line->text);
      }
    }
  }
  return result;
}

void check_line(const std::string& line) {
  const ControlLine parsed = chock::state::parse_control_line(line);
  if (parsed.kind != ControlLine::Kind::Message) {
    return;
  }
  const std::string written = format_control_line(parsed.message);
  const ControlLine again = chock::state::parse_control_line(written.substr(0, written.size() - 1));
  chock::fuzz::check(again.kind == ControlLine::Kind::Message && again.message == parsed.message,
                     "a message survives writing");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using chock::fuzz::check;
  if (size == 0) {
    return 0;
  }
  const std::string_view stream = chock::fuzz::text_of(data + 1, size - 1);
  const Cut whole = cut(stream, data[0]);
  check(whole == cut(stream, data[0] + 1U), "pieces make no difference");
  size_t newlines = 0;
  for (const char c : stream) {
    newlines += c == '\n' ? 1 : 0;
  }
  check(whole.lines.size() + whole.too_long == newlines, "every newline ends one line");
  for (const std::string& line : whole.lines) {
    check(line.size() <= LineSplitter::kLongest, "no line is longer than the limit");
    check_line(line);
  }
  // Whatever came before, a complete line is read.
  LineSplitter splitter;
  splitter.append(stream);
  splitter.append("\n1 80 24\n");
  std::string last;
  while (const auto line = splitter.take_line()) {
    last = line->text;
  }
  check(last == "1 80 24", "it finds its way back");
  return 0;
}
