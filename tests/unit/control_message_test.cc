// SPDX-License-Identifier: Apache-2.0
#include "common/state/control_message.h"

#include "tests/unit/support.h"

namespace chock::state {
namespace {

using Kind = ControlLine::Kind;

constexpr ControlMessage kCloseStdin{};
constexpr ControlMessage resize(uint16_t width, uint16_t height) {
  return {ControlMessage::Type::Resize, width, height};
}

TEST(control_message, good_lines) {
  struct Case {
    const char* line;
    ControlMessage message;
  };
  const Case cases[] = {
      {"0 0 0", kCloseStdin},
      {"0 5 6", kCloseStdin},
      {"1 80 24", resize(80, 24)},
      {"1 0 0", resize(0, 0)},
      {"1 65535 65535", resize(65535, 65535)},
      {"  1   80\t24  ", resize(80, 24)},
      {"\t1\t80\t24", resize(80, 24)},
      {"1 80 24\r", resize(80, 24)},
      {"001 080 0024", resize(80, 24)},
      {"+1 +80 +24", resize(80, 24)},
      {"1 -1 -2", resize(65535, 65534)},   // cut to 16 bits like struct winsize
      {"1 65616 131096", resize(80, 24)},  // likewise
      {"1 4294967376 24", resize(80, 24)},
      {"-0 0 0", kCloseStdin},
  };
  for (const Case& c : cases) {
    const ControlLine parsed = parse_control_line(c.line);
    EXPECT_EQ(parsed.kind, Kind::Message) << c.line;
    EXPECT_EQ(parsed.message, c.message) << c.line;
  }
}

TEST(control_message, unknown_types_are_no_errors) {
  for (const char* line : {"2 0 0", "-1 80 24", "9223372036854775807 1 1", "10 1 1"}) {
    EXPECT_EQ(parse_control_line(line).kind, Kind::Unknown) << line;
  }
}

TEST(control_message, blank_lines) {
  for (const char* line : {"", " ", "\t", "\r", " \t \r"}) {
    EXPECT_EQ(parse_control_line(line).kind, Kind::Blank) << line;
  }
}

TEST(control_message, malformed_lines) {
  const std::string bad[] = {
      "garbage",
      "1",
      "1 84",
      "1 84 ",
      "1 87 31 9",
      "1 80 24 x",
      "1 80 24x",
      "1 80x 24",
      "1,80,24",
      "1 80,24",
      "x 80 24",
      "0x1 80 24",
      "1 0x10 24",
      "1 10h 24",
      "1 80.0 24",
      "1 8e1 24",
      "1.0 80 24",
      "1 99999999999999999999 24",
      "1 -99999999999999999999 24",
      "99999999999999999999 1 1",
      "1 9223372036854775808 1",
      "1 - 24",
      "1 + 24",
      "1 -- 24",
      "1 +-5 24",
      "1 -+5 24",
      "1 ++5 24",
      "1 \xD9\xA1 24",
      "1\v80\v24",
      "winsize 80 24",
      "{\"type\":1}",
      std::string("1 80 24\0", 8),
      std::string("\0", 1),
      std::string("1\0 80 24", 8),
      "\xFF\xFE\x01 \x02",
      std::string(256, '1'),
      std::string(4096, ' ') + "1",
  };
  for (const std::string& line : bad) {
    EXPECT_EQ(parse_control_line(line).kind, Kind::Malformed) << line;
  }
}

TEST(control_message, what_is_written_can_be_read) {
  EXPECT_EQ(format_control_line(kCloseStdin), "0 0 0\n");
  EXPECT_EQ(format_control_line(resize(132, 43)), "1 132 43\n");
  EXPECT_EQ(format_control_line(resize(65535, 0)), "1 65535 0\n");
}

// The lines of `stream`, cut into pieces of `size` bytes, "!" for one that was too long.
std::vector<std::string> split(std::string_view stream, size_t size) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  while (!stream.empty()) {
    splitter.append(stream.substr(0, size));
    stream.remove_prefix(std::min(size, stream.size()));
    while (const auto line = splitter.take_line()) {
      EXPECT_TRUE(!line->too_long || line->text.empty());
      lines.push_back(line->too_long ? "!" : line->text);
    }
  }
  return lines;
}

TEST(control_message, lines_survive_any_chunking) {
  const std::string longest(LineSplitter::kLongest, 'a');
  const std::string stream = "garbage\n1 80 24\r\n\n" + longest + "\n" + longest + "b\n1 1 1\n" +
                             std::string(5000, 'c') + "\n0 0 0\n\xFF\xFE\n" +
                             std::string("\0\n", 2) + "1 2 3\nhalf";
  const std::vector<std::string> lines = {
      "garbage",  "1 80 24\r",          "",     longest, "!", "1 1 1", "!", "0 0 0",
      "\xFF\xFE", std::string("\0", 1), "1 2 3"};
  for (size_t size = 1; size <= stream.size(); ++size) {
    ASSERT_EQ(split(stream, size), lines) << "in pieces of " << size;
  }
}

TEST(control_message, a_write_split_at_any_byte_is_one_message) {
  const std::string text = "1 132 43\n0 0 0\n";
  for (size_t at = 0; at <= text.size(); ++at) {
    LineSplitter splitter;
    std::vector<ControlMessage> messages;
    for (const std::string& part : {text.substr(0, at), text.substr(at)}) {
      splitter.append(part);
      while (const auto line = splitter.take_line()) {
        messages.push_back(parse_control_line(line->text).message);
      }
    }
    EXPECT_EQ(messages, (std::vector{resize(132, 43), kCloseStdin})) << at;
  }
}

TEST(control_message, an_endless_line_takes_no_memory) {
  LineSplitter splitter;
  for (int i = 0; i < 100; ++i) {
    splitter.append(std::string(4096, 'x'));
    EXPECT_FALSE(splitter.take_line().has_value());
  }
  splitter.append("\n0 0 0\n");
  EXPECT_TRUE(test::must(splitter.take_line()).too_long);
  EXPECT_EQ(test::must(splitter.take_line()).text, "0 0 0");
  EXPECT_FALSE(splitter.take_line().has_value());
}

}  // namespace
}  // namespace chock::state
