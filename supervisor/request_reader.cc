// SPDX-License-Identifier: Apache-2.0
#include "supervisor/request_reader.h"

#include <errno.h>

#include <algorithm>

#include "common/state/id.h"

namespace chock::supervisor {

RequestReader::RequestReader(const state::Json& object, std::string operation, std::string path)
    : object_(&object), operation_(std::move(operation)), path_(std::move(path)) {
  if (!object.is_object() && !object.is_null()) {
    fail("", "the parameters must be an object");
  }
}

void RequestReader::fail(std::string_view key, std::string reason) {
  std::string field = path_ + std::string(key);
  if (field.ends_with('.')) {
    field.pop_back();
  }
  fail(Error{EINVAL, operation_, std::move(field), std::move(reason)});
}

void RequestReader::fail(Error error) {
  if (!error_) {
    error_ = std::move(error);
  }
  object_ = nullptr;
}

const state::Json* RequestReader::take(const char* key) {
  known_.emplace_back(key);
  if (!has(key)) {
    return nullptr;
  }
  return &*object_->find(key);
}

bool RequestReader::has(const char* key) const {
  if (object_ == nullptr || !object_->is_object()) {
    return false;
  }
  const auto found = object_->find(key);
  return found != object_->end() && !found->is_null();
}

std::string RequestReader::value_failure(const state::Json& value) {
  return value.is_string() ? text_failure(value.get_ref<const std::string&>()) : "must be a string";
}

std::string RequestReader::text_failure(const std::string& text) {
  if (text.size() > kTextLimit) {
    return "must not be longer than " + std::to_string(kTextLimit) + " bytes";
  }
  return text.contains('\0') ? "must not contain a NUL byte" : "";
}

std::string RequestReader::path_failure(const std::string& path) {
  return path.size() > kPathLimit
             ? "must not be longer than " + std::to_string(kPathLimit) + " bytes"
             : "";
}

std::string RequestReader::text(const char* key) {
  const state::Json* value = take(key);
  if (value == nullptr) {
    return {};
  }
  if (std::string failure = value_failure(*value); !failure.empty()) {
    fail(key, std::move(failure));
    return {};
  }
  return value->get<std::string>();
}

std::vector<std::string> RequestReader::texts(const char* key) {
  const state::Json* value = take(key);
  if (value == nullptr) {
    return {};
  }
  if (!value->is_array() || value->size() > kListLimit) {
    fail(key, "must be an array of at most " + std::to_string(kListLimit) + " strings");
    return {};
  }
  std::vector<std::string> list;
  for (const state::Json& element : *value) {
    if (std::string failure = value_failure(element); !failure.empty()) {
      fail(key, "each element " + failure);
      return {};
    }
    list.push_back(element.get<std::string>());
  }
  return list;
}

std::string RequestReader::path(const char* key, Need need) {
  std::string path = text(key);
  if (path.empty() && need == Need::Optional) {
    return path;
  }
  if (!path.starts_with('/')) {
    fail(key, "must be an absolute path");
  } else if (std::string failure = path_failure(path); !failure.empty()) {
    fail(key, std::move(failure));
  }
  return path;
}

std::string RequestReader::id(const char* key, const char* what, Need need) {
  std::string id = text(key);
  if (error_ || (id.empty() && need == Need::Optional)) {
    return {};
  }
  if (id.empty()) {
    fail(key, std::string(what) + " cannot be empty");
  } else if (Result<void> checked = state::check_id(id, what); !checked) {
    fail(key, checked.error().message());
  }
  return id;
}

bool RequestReader::boolean(const char* key) {
  const state::Json* value = take(key);
  if (value != nullptr && !value->is_boolean()) {
    fail(key, "must be true or false");
    return false;
  }
  return value != nullptr && value->get<bool>();
}

Result<void> RequestReader::finish() {
  if (!error_ && object_->is_object()) {
    for (const auto& [key, value] : object_->items()) {
      if (std::ranges::find(known_, key) == known_.end()) {
        fail(state::to_valid_utf8(key.substr(0, 64)), "unknown field");
        break;
      }
    }
  }
  return error_ ? Result<void>(std::unexpected(*error_)) : Result<void>();
}

}  // namespace chock::supervisor
