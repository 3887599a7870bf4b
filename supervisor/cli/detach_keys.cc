// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/detach_keys.h"

#include <optional>

namespace chock::supervisor::cli {
namespace {

constexpr std::string_view kControl = "ctrl-";
constexpr unsigned char kControlMask = 0x1f;

std::optional<char> parse_key(std::string_view word) {
  if (word.size() == 1) {
    return word.front();
  }
  if (word.size() != kControl.size() + 1 || !word.starts_with(kControl)) {
    return std::nullopt;
  }
  const char key = word.back();
  if ((key < 'a' || key > 'z') && !std::string_view("@[\\]^_").contains(key)) {
    return std::nullopt;
  }
  return static_cast<char>(static_cast<unsigned char>(key) & kControlMask);
}

}  // namespace

Result<DetachKeys> DetachKeys::parse(std::string_view text) {
  std::string sequence;
  while (!text.empty()) {
    const size_t end = text.find(',');
    const std::optional<char> key = parse_key(text.substr(0, end));
    if (!key || end == text.size() - 1) {
      return input_error("parse detach keys", text, "not a character or ctrl-X");
    }
    sequence += *key;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return DetachKeys(std::move(sequence));
}

DetachKeys::Scan DetachKeys::scan(std::string_view typed) {
  if (sequence_.empty()) {
    return {std::string(typed)};
  }
  Scan result;
  for (const char key : typed) {
    held_ += key;
    while (!sequence_.starts_with(held_)) {
      result.keys += held_.front();
      held_.erase(0, 1);
    }
    if (held_ == sequence_) {
      held_.clear();
      result.detached = true;
      return result;
    }
  }
  return result;
}

}  // namespace chock::supervisor::cli
