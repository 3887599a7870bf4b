// SPDX-License-Identifier: Apache-2.0
#include "supervisor/launch_error.h"

#include <algorithm>
#include <optional>

#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/state/log_record.h"

namespace chock::supervisor {
namespace {

std::optional<std::string> first_error_in(const sys::StateDir& process, const char* name) {
  const Result<std::optional<std::string>> text = process.read_file(name, state::kFileLimit);
  if (!text || !*text) {
    return std::nullopt;
  }
  return state::first_error(state::parse_log(**text));
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [text](std::string_view word) { return text.contains(word); });
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

// The text without what stands between its first and its last quotation mark. That is the name of a
// program or of a file, as runc and crun write it, and may be worded like any reason.
std::string without_names(const std::string& text) {
  constexpr const char* kMarks = "\"`";
  const size_t first = text.find_first_of(kMarks);
  return first == std::string::npos
             ? text
             : text.substr(0, first) + text.substr(text.find_last_of(kMarks) + 1);
}

// What comes last says why; a name may be before it, without quotation marks: "stat NAME: reason".
std::string_view last_part(std::string_view text) {
  const size_t colon = text.rfind(": ");
  return colon == std::string_view::npos ? text : text.substr(colon + 2);
}

}  // namespace

std::string read_launch_failure(const sys::StateDir& process) {
  if (const auto error = first_error_in(process, state::layout::kShimLog)) {
    return "shim error: " + *error;
  }
  if (const auto error = first_error_in(process, state::layout::kRuntimeLog)) {
    return "oci runtime error: " + *error;
  }
  return "containerd: container not started";
}

int exit_code_of_failure(std::string_view reason) {
  const std::string text = without_names(lower(reason.substr(0, reason.rfind(kNotUndone))));
  if (!text.contains("oci runtime error: ")) {
    return kExitOwnFailure;
  }
  // A broken rootfs or mount is not the program's fault, although it is "not found" as well.
  if (!contains_any(text, {"exec: ", "executable", "exec format"})) {
    return kExitOwnFailure;
  }
  const std::string_view why = last_part(text);
  if (contains_any(why, {"not found", "no such file or directory", "not a directory"})) {
    return kExitNotFound;
  }
  if (contains_any(why, {"permission denied", "operation not permitted", "is a directory",
                         "exec format error"})) {
    return kExitNotExecutable;
  }
  return kExitOwnFailure;
}

}  // namespace chock::supervisor
