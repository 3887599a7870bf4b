// SPDX-License-Identifier: Apache-2.0
// RequestReader reads the fields of one request, strictly: exact names, a limit for each, and none
// that nobody asked for. It keeps the first failure, and everything after it reads as absent.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/state/json.h"

namespace chock::supervisor {

class RequestReader {
 public:
  static constexpr size_t kPathLimit = 4095;          // PATH_MAX without its NUL
  static constexpr size_t kTextLimit = 128UL << 10U;  // one argument of execve(2)
  static constexpr size_t kListLimit = 4096;

  enum class Need { Optional, Required };

  // `object` must outlive the reader; null counts as empty. `path`, "stdio." for example, is put
  // before the names of fields in the Error.
  RequestReader(const state::Json& object, std::string operation, std::string path = {});

  // Without NUL, at most kTextLimit bytes.
  [[nodiscard]] std::string text(const char* key);
  [[nodiscard]] std::vector<std::string> texts(const char* key);
  // Absolute, at most kPathLimit bytes.
  [[nodiscard]] std::string path(const char* key, Need need = Need::Optional);
  // As state::check_id has it; a required one that is absent is "WHAT cannot be empty".
  [[nodiscard]] std::string id(const char* key, const char* what, Need need);
  [[nodiscard]] bool boolean(const char* key);
  template <std::integral T>
  [[nodiscard]] T integer(const char* key, T lowest = std::numeric_limits<T>::min(),
                          T highest = std::numeric_limits<T>::max(), Need need = Need::Optional);
  template <class Read>
  void object(const char* key, Read read);

  [[nodiscard]] bool has(const char* key) const;
  // The value of a field that the caller checks by itself; null: absent.
  [[nodiscard]] const state::Json* take(const char* key);

  void fail(std::string_view key, std::string reason);
  void fail(Error error);
  // The first failure, or that there is a field which was not read.
  [[nodiscard]] Result<void> finish();

  // What is wrong with a text, or with the length of a path; empty: nothing.
  [[nodiscard]] static std::string text_failure(const std::string& text);
  [[nodiscard]] static std::string path_failure(const std::string& path);

 private:
  [[nodiscard]] static std::string value_failure(const state::Json& value);

  const state::Json* object_;  // null once something failed
  std::string operation_;
  std::string path_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
};

template <std::integral T>
T RequestReader::integer(const char* key, T lowest, T highest, Need need) {
  const state::Json* value = take(key);
  if (value == nullptr) {
    if (need == Need::Required) {
      fail(key, "is missing");
    }
    return T{};
  }
  const bool fits = (value->is_number_unsigned() && std::in_range<T>(value->get<uint64_t>())) ||
                    (value->is_number_integer() && !value->is_number_unsigned() &&
                     std::in_range<T>(value->get<int64_t>()));
  if (!fits || value->get<T>() < lowest || value->get<T>() > highest) {
    fail(key,
         "must be an integer from " + std::to_string(lowest) + " to " + std::to_string(highest));
    return T{};
  }
  return value->get<T>();
}

template <class Read>
void RequestReader::object(const char* key, Read read) {
  if (const state::Json* value = take(key)) {
    RequestReader inner(*value, operation_, path_ + key + ".");
    read(inner);
    if (const Result<void> checked = inner.finish(); !checked) {
      fail(checked.error());
    }
  }
}

}  // namespace chock::supervisor
