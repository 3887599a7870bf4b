// SPDX-License-Identifier: Apache-2.0
#include "common/result.h"

#include <errno.h>
#include <string.h>

namespace chock {

std::string error_text(int code) {
  // Untranslated and thread-safe, unlike strerror(3).
  const char* text = strerrordesc_np(code);
  if (text == nullptr) {
    return "error " + std::to_string(code);
  }
  std::string lowered(text);
  if (lowered.size() > 1 && lowered[0] >= 'A' && lowered[0] <= 'Z' && lowered[1] >= 'a') {
    lowered[0] = static_cast<char>(lowered[0] - 'A' + 'a');
  }
  return lowered;
}

std::string Error::message() const {
  std::string line = operation;
  if (!object.empty()) {
    line += line.empty() ? object : " " + object;
  }
  if (!detail.empty()) {
    line += line.empty() ? detail : ": " + detail;
  }
  if (code != 0 && detail.empty()) {
    line += (line.empty() ? "" : ": ") + error_text(code);
  }
  return line;
}

std::unexpected<Error> system_error(int code, std::string_view operation, std::string_view object) {
  return std::unexpected(Error{code, std::string(operation), std::string(object), {}});
}

std::unexpected<Error> system_error(std::string_view operation, std::string_view object) {
  return system_error(errno, operation, object);
}

std::unexpected<Error> input_error(std::string_view operation, std::string_view object,
                                   std::string detail) {
  return std::unexpected(Error{0, std::string(operation), std::string(object), std::move(detail)});
}

}  // namespace chock
