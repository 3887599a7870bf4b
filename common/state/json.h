// SPDX-License-Identifier: Apache-2.0
// The one door to the JSON library, with the reading rules of the containerd 0.2 contract: keys
// match in any case and the last one wins, null is absent, unknown keys are ignored, a wrong type
// is an error, integers are exact to 64 bits, and only the first value of a text counts.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#define JSON_NO_IO
#include <nlohmann/json.hpp>

#include "common/result.h"
#include "common/state/json_fwd.h"

namespace chock::state {

inline constexpr size_t kFileLimit = 16UL << 20U;  // bytes of any JSON file that we read

// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

// A value and how many bytes of the text it took.
struct ParsedJson {
  Json value;
  size_t length = 0;
};
// The first value in `text`; what follows is ignored. Total: any bytes, at most 128 levels deep.
// The Error names `object` and says line and column.
[[nodiscard]] Result<ParsedJson> parse_first_json(std::string_view text, std::string_view object);
[[nodiscard]] Result<Json> parse_json(std::string_view text, std::string_view object);

// One line, no newline; invalid UTF-8 is replaced.
[[nodiscard]] std::string format_json(const Json& value);

// Reads the members of one object. The first wrong type is kept and everything after it reads as
// absent, so that a record is read in a straight line and checked once, with `check`.
class JsonReader {
 public:
  // `object` is the file or message, for the Error. Both must outlive the reader.
  JsonReader(const Json& value, std::string object);

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] std::string string(std::string_view key);
  [[nodiscard]] bool boolean(std::string_view key);
  [[nodiscard]] std::vector<std::string> strings(std::string_view key);
  template <std::integral T>
  [[nodiscard]] T integer(std::string_view key);
  template <std::integral T>
  [[nodiscard]] std::vector<T> integers(std::string_view key);

  // Reads a member object, or each object of a member array, with the same rules; absent: not
  // called.
  template <class Read>
  void object(std::string_view key, Read read);
  template <class Read>
  void objects(std::string_view key, Read read);

  [[nodiscard]] const Json* find(std::string_view key) const;
  void fail(std::string_view key, std::string_view expected);
  void fail(Error error);
  [[nodiscard]] Result<void> check() const;

 private:
  template <std::integral T>
  [[nodiscard]] static bool fits(const Json& value);
  template <class Read>
  void read_member(const std::string& path, const Json& value, Read& read);
  [[nodiscard]] std::string path_of(std::string_view key) const;

  const Json* value_;  // null once something failed
  std::string object_;
  std::optional<Error> error_;
};

template <std::integral T>
bool JsonReader::fits(const Json& value) {
  if (value.is_number_unsigned()) {
    return std::in_range<T>(value.get<uint64_t>());
  }
  return value.is_number_integer() && std::in_range<T>(value.get<int64_t>());
}

template <std::integral T>
T JsonReader::integer(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) {
    return 0;
  }
  if (!fits<T>(*value)) {
    fail(key, "an integer in range");
    return 0;
  }
  return value->get<T>();
}

template <std::integral T>
std::vector<T> JsonReader::integers(std::string_view key) {
  const Json* value = find(key);
  std::vector<T> numbers;
  if (value == nullptr) {
    return numbers;
  }
  if (!value->is_array()) {
    fail(key, "an array of integers");
    return numbers;
  }
  for (const Json& element : *value) {
    if (!fits<T>(element)) {
      fail(key, "an array of integers in range");
      return {};
    }
    numbers.push_back(element.get<T>());
  }
  return numbers;
}

template <class Read>
void JsonReader::read_member(const std::string& path, const Json& value, Read& read) {
  JsonReader reader(value, path);
  read(reader);
  if (const Result<void> ok = reader.check(); !ok) {
    fail(ok.error());
  }
}

template <class Read>
void JsonReader::object(std::string_view key, Read read) {
  if (const Json* value = find(key)) {
    read_member(path_of(key), *value, read);
  }
}

template <class Read>
void JsonReader::objects(std::string_view key, Read read) {
  const Json* value = find(key);
  if (value == nullptr) {
    return;
  }
  if (!value->is_array()) {
    fail(key, "an array of objects");
    return;
  }
  for (const Json& element : *value) {
    read_member(path_of(key), element, read);
  }
}

}  // namespace chock::state
