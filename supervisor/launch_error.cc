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
  const std::string text = lower(reason);
  if (!text.contains("oci runtime error: ")) {
    return kExitOwnFailure;
  }
  // A broken rootfs or mount is not the program's fault, although it is "not found" as well.
  if (!contains_any(text, {"exec: ", "executable", "exec format"})) {
    return kExitOwnFailure;
  }
  if (contains_any(text, {"not found", "no such file or directory", "not a directory"})) {
    return kExitNotFound;
  }
  if (contains_any(text, {"permission denied", "operation not permitted", "is a directory",
                          "exec format error"})) {
    return kExitNotExecutable;
  }
  return kExitOwnFailure;
}

}  // namespace chock::supervisor
