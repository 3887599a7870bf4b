// SPDX-License-Identifier: Apache-2.0
#include "common/state/id.h"

#include <algorithm>

namespace chock::state {
namespace {

constexpr size_t kLongest = 255;  // NAME_MAX: an id is a directory name

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.+-").contains(c);
}

}  // namespace

Result<void> check_id(std::string_view id, std::string_view what) {
  const std::string operation = "check " + std::string(what);
  if (id.empty()) {
    return input_error(operation, "''", "it is empty");
  }
  const std::string quoted = "'" + std::string(id.substr(0, kLongest)) + "'";
  if (id.size() > kLongest) {
    return input_error(operation, quoted, "it is longer than 255 characters");
  }
  if (!std::ranges::all_of(id, allowed)) {
    return input_error(operation, quoted, "only letters, digits and _.+- are allowed");
  }
  if (id.front() == '-' || id == "." || id == "..") {
    return input_error(operation, quoted, "it must not be . or .. or begin with a dash");
  }
  return {};
}

}  // namespace chock::state
