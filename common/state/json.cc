// SPDX-License-Identifier: Apache-2.0
#include "common/state/json.h"

#include <strings.h>

#include <algorithm>

namespace chock::state {
namespace {

constexpr size_t kDeepest = 128;
// An ordered object looks its keys up one by one; without a limit, a file of many keys costs the
// square of its size.
constexpr size_t kMostMembers = 4096;

// "[json.exception.parse_error.101] parse error at line 1, column 2: …" → "line 1, column 2: …".
std::string reason_of(std::string_view what) {
  constexpr std::string_view kPosition = "parse error at ";
  if (const size_t at = what.find(kPosition); at != std::string_view::npos) {
    what.remove_prefix(at + kPosition.size());
  } else if (const size_t bracket = what.find("] "); bracket != std::string_view::npos) {
    what.remove_prefix(bracket + 2);
  }
  return std::string(what);
}

// Builds a value as the library's own handler would, but with limits, and stops after the first
// one.
class Builder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(int64_t value) override { return add(value); }
  bool number_unsigned(uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string& /*text*/) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) override { return false; }
  bool start_object(size_t /*count*/) override { return open(Json::object()); }
  bool start_array(size_t /*count*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& key) override {
    if (open_.back()->size() >= kMostMembers) {
      return refuse("an object has more than 4096 members");
    }
    // A repeated key moves to the end: assigned in place it would come before its spellings in
    // another case, and the last one in the text would not be the last one here.
    open_.back()->erase(key);
    key_ = std::move(key);
    return true;
  }
  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    return refuse(reason_of(error.what()));
  }

  Json root;
  std::string reason;  // why it failed

 private:
  bool refuse(std::string why) {
    reason = std::move(why);
    return false;
  }
  Json* place(Json value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    // Not by its key, which would be looked up a second time.
    auto& members = open_.back()->get_ref<Json::object_t&>();
    return &members.emplace_back(std::move(key_), std::move(value)).second;
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() >= kDeepest) {
      return refuse("nested more than 128 levels deep");
    }
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<Json*> open_;  // the containers being filled; a parent does not grow meanwhile
  std::string key_;
};

// The sequences of RFC 3629, by their first byte; the second one's range leaves out overlong forms,
// surrogates and what is above U+10FFFF.
struct Utf8Form {
  unsigned first_low, first_high;
  unsigned second_low, second_high;
  size_t length;
};
constexpr std::array kUtf8Forms{
    Utf8Form{0xC2, 0xDF, 0x80, 0xBF, 2}, Utf8Form{0xE0, 0xE0, 0xA0, 0xBF, 3},
    Utf8Form{0xE1, 0xEC, 0x80, 0xBF, 3}, Utf8Form{0xED, 0xED, 0x80, 0x9F, 3},
    Utf8Form{0xEE, 0xEF, 0x80, 0xBF, 3}, Utf8Form{0xF0, 0xF0, 0x90, 0xBF, 4},
    Utf8Form{0xF1, 0xF3, 0x80, 0xBF, 4}, Utf8Form{0xF4, 0xF4, 0x80, 0x8F, 4},
};

// How many bytes the UTF-8 sequence at the start of `text` has; 0 if there is no valid one.
size_t utf8_length(std::string_view text) {
  const auto in = [text](size_t i, unsigned low, unsigned high) {
    const unsigned byte = i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    return byte >= low && byte <= high;
  };
  if (static_cast<unsigned char>(text.front()) < 0x80U) {
    return 1;
  }
  const auto form = std::ranges::find_if(
      kUtf8Forms, [&in](const Utf8Form& f) { return in(0, f.first_low, f.first_high); });
  if (form == kUtf8Forms.end() || !in(1, form->second_low, form->second_high)) {
    return 0;
  }
  for (size_t i = 2; i < form->length; ++i) {
    if (!in(i, 0x80, 0xBF)) {
      return 0;
    }
  }
  return form->length;
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Walks over a text once, hands out the replacement for what is not valid UTF-8, and says how much
// of the text itself is left. On the way and not beforehand: a log holds many values, and each
// would pay for all that follow it.
class RepairingIterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = char;
  using iterator_category = std::input_iterator_tag;

  RepairingIterator(std::string_view rest, std::string_view* unread)
      : rest_(rest), unread_(unread) {
    start_sequence();
  }
  reference operator*() const { return sequence_.front(); }
  RepairingIterator& operator++() {
    sequence_.remove_prefix(1);
    if (sequence_.empty()) {
      rest_.remove_prefix(length_);
      *unread_ = rest_;
      start_sequence();
    }
    return *this;
  }
  RepairingIterator operator++(int) {
    RepairingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const RepairingIterator& a, const RepairingIterator& b) {
    return a.rest_.data() == b.rest_.data() && a.sequence_.size() == b.sequence_.size();
  }

 private:
  void start_sequence() {
    const size_t length = rest_.empty() ? 0 : utf8_length(rest_);
    length_ = std::max<size_t>(length, 1);
    sequence_ = length > 0 || rest_.empty() ? rest_.substr(0, length) : kReplacement;
  }

  std::string_view rest_;      // from the current sequence on
  std::string_view sequence_;  // what is left of the current one to hand out
  size_t length_ = 0;          // how much of the text the current one takes
  std::string_view* unread_;
};

bool same_key(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    valid += length > 0 ? text.substr(0, length) : kReplacement;
    text.remove_prefix(length > 0 ? length : 1);
  }
  return valid;
}

Result<ParsedJson> parse_first_json(std::string_view text, std::string_view object) {
  std::string_view unread = text;
  const RepairingIterator begin(text, &unread);
  const RepairingIterator end(text.substr(text.size()), &unread);
  Builder builder;
  constexpr bool kWholeText = false;
  if (!Json::sax_parse(begin, end, &builder, Json::input_format_t::json, kWholeText)) {
    return input_error("parse", object, std::move(builder.reason));
  }
  size_t length = text.size() - unread.size();
  // The end of a number shows only in the character after it, which is not part of it.
  if (builder.root.is_number() && (text[length - 1] < '0' || text[length - 1] > '9')) {
    --length;
  }
  return ParsedJson{std::move(builder.root), length};
}

Result<Json> parse_json(std::string_view text, std::string_view object) {
  ParsedJson parsed = TRY(parse_first_json(text, object));
  return std::move(parsed.value);
}

std::string format_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

JsonReader::JsonReader(const Json& value, std::string object)
    : value_(&value), object_(std::move(object)) {
  if (!value.is_object()) {
    fail("", "an object");
  }
}

const Json* JsonReader::find(std::string_view key) const {
  if (value_ == nullptr) {
    return nullptr;
  }
  const Json* found = nullptr;
  for (const auto& [name, member] : value_->items()) {
    if (same_key(name, key)) {
      found = &member;
    }
  }
  return found != nullptr && found->is_null() ? nullptr : found;
}

std::string JsonReader::path_of(std::string_view key) const {
  return key.empty() ? object_ : object_ + ": " + std::string(key);
}

void JsonReader::fail(std::string_view key, std::string_view expected) {
  fail(Error{0, "parse", path_of(key), "must be " + std::string(expected)});
}

void JsonReader::fail(Error error) {
  if (!error_) {
    error_ = std::move(error);
  }
  value_ = nullptr;
}

Result<void> JsonReader::check() const {
  if (error_) {
    return std::unexpected(*error_);
  }
  return {};
}

std::string JsonReader::string(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (!value->is_string()) {
    fail(key, "a string");
    return {};
  }
  return value->get<std::string>();
}

bool JsonReader::boolean(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) {
    return false;
  }
  if (!value->is_boolean()) {
    fail(key, "true or false");
    return false;
  }
  return value->get<bool>();
}

std::vector<std::string> JsonReader::strings(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) {
    return {};
  }
  std::vector<std::string> list;
  if (!value->is_array()) {
    fail(key, "an array of strings");
    return list;
  }
  for (const Json& element : *value) {
    if (!element.is_string() && !element.is_null()) {
      fail(key, "an array of strings");
      return {};
    }
    list.push_back(element.is_null() ? std::string() : element.get<std::string>());
  }
  return list;
}

}  // namespace chock::state
