// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/exec_options.h"

#include <stdlib.h>

#include <algorithm>
#include <limits>

#include "common/state/json.h"
#include "common/sys/proc.h"
#include "common/sys/state_dir.h"
#include "supervisor/program_paths.h"

namespace chock::supervisor::cli {
namespace {

// 2^32-1 means "leave it" to chown(2) and setresuid(2), so nobody has it.
std::optional<uint32_t> parse_number(std::string_view text) {
  const std::optional<uint64_t> number = sys::parse_number(text);
  return number && *number < std::numeric_limits<uint32_t>::max()
             ? std::optional(static_cast<uint32_t>(*number))
             : std::nullopt;
}

}  // namespace

Result<state::User> parse_user(std::string_view text) {
  const size_t colon = text.find(':');
  const std::optional<uint32_t> uid = parse_number(text.substr(0, colon));
  const std::optional<uint32_t> gid =
      colon == std::string_view::npos ? 0 : parse_number(text.substr(colon + 1));
  if (!uid || !gid) {
    return input_error("parse user", text, "not UID or UID:GID, in numbers");
  }
  return state::User{.uid = *uid, .gid = *gid};
}

Result<std::vector<std::string>> parse_environment(const std::vector<std::string>& settings) {
  std::vector<std::string> environment;
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (setting.empty() || equals == 0) {
      return input_error("parse environment", setting, "not NAME=VALUE or NAME");
    }
    if (equals != std::string::npos) {
      environment.push_back(setting);
    } else if (const char* value = ::getenv(setting.c_str())) {
      environment.push_back(setting + "=" + value);
    }
  }
  return environment;
}

Result<std::string> parse_capability(std::string_view text) {
  constexpr std::string_view kPrefix = "CAP_";
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || !std::ranges::all_of(name, fits)) {
    return input_error("parse capability", text, "not a name like CAP_KILL");
  }
  return name.starts_with(kPrefix) ? name : std::string(kPrefix) + name;
}

Result<state::OciProcess> read_process_file(const std::string& path) {
  const std::string absolute = TRY(absolute_path(path));
  const size_t slash = absolute.rfind('/');
  const sys::StateDir directory = TRY(sys::StateDir::open(absolute.substr(0, slash + 1)));
  const Result<std::optional<std::string>> text =
      directory.read_file(absolute.substr(slash + 1), state::kFileLimit);
  if (!text) {  // which knows but the last part of the path
    return std::unexpected(
        Error{text.error().code, text.error().operation, path, text.error().detail});
  }
  if (!*text) {
    return system_error(ENOENT, "open", path);
  }
  const state::Json json = TRY(state::parse_json(**text, path));
  state::JsonReader reader(json, path);
  state::OciProcess process = state::read_oci_process(reader);
  TRY(reader.check());
  return process;
}

}  // namespace chock::supervisor::cli
