// SPDX-License-Identifier: Apache-2.0
#include "common/state/control_message.h"

#include <array>
#include <charconv>
#include <utility>

namespace chock::state {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr int64_t kCloseStdin = 0;
constexpr int64_t kResize = 1;

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

// A decimal number that ends at a blank or at the end of the line.
std::optional<int64_t> take_number(std::string_view& text) {
  skip_blanks(text);
  if (text.starts_with('+') && !text.starts_with("+-")) {
    text.remove_prefix(1);
  }
  int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  if (error != std::errc() || (!text.empty() && !kBlanks.contains(text.front()))) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

ControlLine parse_control_line(std::string_view line) {
  using Kind = ControlLine::Kind;
  skip_blanks(line);
  if (line.empty()) {
    return {Kind::Blank};
  }
  std::array<int64_t, 3> numbers{};
  for (int64_t& number : numbers) {
    const std::optional<int64_t> taken = take_number(line);
    if (!taken) {
      return {Kind::Malformed};
    }
    number = *taken;
  }
  skip_blanks(line);
  if (!line.empty()) {
    return {Kind::Malformed};
  }
  const auto [type, width, height] = numbers;
  if (type == kCloseStdin) {
    return {Kind::Message, {.type = ControlMessage::Type::CloseStdin}};
  }
  if (type == kResize) {
    return {Kind::Message,
            {.type = ControlMessage::Type::Resize,
             .width = static_cast<uint16_t>(width),
             .height = static_cast<uint16_t>(height)}};
  }
  return {Kind::Unknown};
}

std::string format_control_line(const ControlMessage& message) {
  switch (message.type) {
    case ControlMessage::Type::CloseStdin:
      return "0 0 0\n";
    case ControlMessage::Type::Resize:
      return "1 " + std::to_string(message.width) + " " + std::to_string(message.height) + "\n";
  }
  __builtin_unreachable();
}

void LineSplitter::append(std::string_view bytes) { buffer_ += bytes; }

std::optional<LineSplitter::Line> LineSplitter::take_line() {
  const size_t end = buffer_.find('\n');
  if (end == std::string::npos) {
    if (buffer_.size() > kLongest) {
      dropping_ = true;
      buffer_.clear();
    }
    return std::nullopt;
  }
  const bool too_long = std::exchange(dropping_, false) || end > kLongest;
  Line line{too_long ? std::string() : buffer_.substr(0, end), too_long};
  buffer_.erase(0, end + 1);
  return line;
}

}  // namespace chock::state
