// SPDX-License-Identifier: Apache-2.0
// The lines of the control fifo: "<type> <width> <height>\n" (containerd 0.2 contract).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chock::state {

struct ControlMessage {
  enum class Type { CloseStdin, Resize };
  Type type = Type::CloseStdin;
  uint16_t width = 0;   // columns; Resize only
  uint16_t height = 0;  // rows; Resize only
  friend bool operator==(const ControlMessage&, const ControlMessage&) = default;
};

// What one line of the control fifo turned out to be.
struct ControlLine {
  enum class Kind { Message, Blank, Unknown, Malformed };
  Kind kind = Kind::Malformed;
  ControlMessage message{};  // Kind::Message only
};

// `line` without its newline. Blanks and tabs around the three decimal numbers and a carriage
// return at the end are fine, an unknown type is not an error; sizes are cut to 16 bits, as in
// struct winsize.
[[nodiscard]] ControlLine parse_control_line(std::string_view line);
[[nodiscard]] std::string format_control_line(const ControlMessage& message);

// Cuts a stream of bytes into lines. A line that outgrows the limit is dropped up to its newline,
// so that the next one is read correctly.
class LineSplitter {
 public:
  static constexpr size_t kLongest = 256;

  void append(std::string_view bytes);
  struct Line {
    std::string text;
    bool too_long = false;  // `text` is empty then
  };
  [[nodiscard]] std::optional<Line> take_line();

 private:
  std::string buffer_;
  bool dropping_ = false;  // inside a line that was too long
};

}  // namespace chock::state
