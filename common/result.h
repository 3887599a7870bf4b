// SPDX-License-Identifier: Apache-2.0
// Errors as values: what every fallible function of chock returns. Outcomes that are expected (end
// of file, no such process) are part of a function's value type, never an Error.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace chock {

// One failure of the environment or of an input, built where it happens.
struct Error {
  int code = 0;           // errno, or the kind of failure in its terms; 0 where there is none
  std::string operation;  // what was attempted: "open", "parse"
  std::string object;     // what it was attempted on: a path, an id; may be empty
  std::string detail;     // the reason, where the text of `code` would not say it

  // One line: "open exit: no such file or directory". The reason is in lower case because peers of
  // the containerd 0.2 contract match on such texts.
  [[nodiscard]] std::string message() const;
};

template <class T>
using Result = std::expected<T, Error>;

// The kernel's words for `code`, first letter in lower case, never translated.
[[nodiscard]] std::string error_text(int code);

// Takes errno as it stands.
[[nodiscard]] std::unexpected<Error> system_error(std::string_view operation,
                                                  std::string_view object = {});
[[nodiscard]] std::unexpected<Error> system_error(int code, std::string_view operation,
                                                  std::string_view object = {});
[[nodiscard]] std::unexpected<Error> input_error(std::string_view operation,
                                                 std::string_view object, std::string detail);

}  // namespace chock

// The value of `expression`, or return its error from the enclosing function. The only control-flow
// macro here. A GNU statement expression, so not for use inside a coroutine.
#define TRY(expression)                                      \
  __extension__({                                            \
    auto try_result = (expression);                          \
    if (!try_result) [[unlikely]] {                          \
      return std::unexpected(std::move(try_result).error()); \
    }                                                        \
    *std::move(try_result);                                  \
  })
