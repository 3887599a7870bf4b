// SPDX-License-Identifier: Apache-2.0
#include "common/state/oci_process.h"

#include <array>

#include "common/state/json.h"

namespace chock::state {
namespace {

struct CapabilitySet {
  const char* key;
  std::vector<std::string> Capabilities::* names;
};
constexpr std::array kCapabilitySets{
    CapabilitySet{"bounding", &Capabilities::bounding},
    CapabilitySet{"effective", &Capabilities::effective},
    CapabilitySet{"inheritable", &Capabilities::inheritable},
    CapabilitySet{"permitted", &Capabilities::permitted},
    CapabilitySet{"ambient", &Capabilities::ambient},
};

std::optional<Capabilities> read_capabilities(JsonReader& reader) {
  constexpr char kKey[] = "capabilities";
  const Json* value = reader.find(kKey);
  if (value == nullptr) {
    return std::nullopt;
  }
  Capabilities capabilities;
  if (value->is_array()) {
    const std::vector<std::string> list = reader.strings(kKey);
    capabilities.bounding = capabilities.effective = list;
    capabilities.inheritable = capabilities.permitted = list;
    return capabilities;
  }
  reader.object(kKey, [&](JsonReader& in) {
    for (const CapabilitySet& set : kCapabilitySets) {
      capabilities.*set.names = in.strings(set.key);
    }
  });
  return capabilities;
}

std::optional<ConsoleSize> read_console_size(JsonReader& reader) {
  std::optional<ConsoleSize> size;
  reader.object("consoleSize", [&](JsonReader& in) {
    size = {.height = in.integer<uint32_t>("height"), .width = in.integer<uint32_t>("width")};
  });
  return size;
}

Json format_user(const User& user) {
  Json object{{"uid", user.uid}, {"gid", user.gid}};
  if (!user.additional_gids.empty()) {
    object["additionalGids"] = user.additional_gids;
  }
  if (!user.username.empty()) {
    object["username"] = user.username;
  }
  return object;
}

Json format_capabilities(const Capabilities& capabilities) {
  Json object = Json::object();
  for (const CapabilitySet& set : kCapabilitySets) {
    if (!(capabilities.*set.names).empty()) {
      object[set.key] = capabilities.*set.names;
    }
  }
  return object;
}

Json format_rlimits(const std::vector<Rlimit>& rlimits) {
  Json list = Json::array();
  for (const Rlimit& limit : rlimits) {
    list.push_back({{"type", limit.type}, {"hard", limit.hard}, {"soft", limit.soft}});
  }
  return list;
}

}  // namespace

OciProcess read_oci_process(JsonReader& reader) {
  OciProcess process;
  process.terminal = reader.boolean("terminal");
  process.console_size = read_console_size(reader);
  reader.object("user", [&](JsonReader& in) {
    process.user = {.uid = in.integer<uint32_t>("uid"),
                    .gid = in.integer<uint32_t>("gid"),
                    .additional_gids = in.integers<uint32_t>("additionalGids"),
                    .username = in.string("username")};
  });
  process.args = reader.strings("args");
  process.env = reader.strings("env");
  process.cwd = reader.string("cwd");
  process.capabilities = read_capabilities(reader);
  reader.objects("rlimits", [&](JsonReader& in) {
    process.rlimits.push_back({.type = in.string("type"),
                               .hard = in.integer<uint64_t>("hard"),
                               .soft = in.integer<uint64_t>("soft")});
  });
  process.no_new_privileges = reader.boolean("noNewPrivileges");
  process.apparmor_profile = reader.string("apparmorProfile");
  if (reader.has("oomScoreAdj")) {
    process.oom_score_adj = reader.integer<int>("oomScoreAdj");
  }
  process.selinux_label = reader.string("selinuxLabel");
  return process;
}

void append_oci_process(Json& object, const OciProcess& process) {
  const auto append_if = [&object](bool present, const char* key, const auto& value) {
    if (present) {
      object[key] = value;
    }
  };
  append_if(process.terminal, "terminal", true);
  if (process.console_size) {
    object["consoleSize"] = {{"height", process.console_size->height},
                             {"width", process.console_size->width}};
  }
  object["user"] = format_user(process.user);
  object["args"] = process.args;
  append_if(!process.env.empty(), "env", process.env);
  object["cwd"] = process.cwd;
  if (process.capabilities) {
    object["capabilities"] = format_capabilities(*process.capabilities);
  }
  append_if(!process.rlimits.empty(), "rlimits", format_rlimits(process.rlimits));
  append_if(process.no_new_privileges, "noNewPrivileges", true);
  append_if(!process.apparmor_profile.empty(), "apparmorProfile", process.apparmor_profile);
  append_if(process.oom_score_adj.has_value(), "oomScoreAdj", process.oom_score_adj.value_or(0));
  append_if(!process.selinux_label.empty(), "selinuxLabel", process.selinux_label);
}

}  // namespace chock::state
