// SPDX-License-Identifier: Apache-2.0
#include "common/state/oci_config.h"

#include "common/state/json.h"

namespace chock::state {
namespace {

struct Namespaces {
  bool user = false;
  bool private_pid = false;
};

Namespaces read_namespaces(JsonReader& linux_section) {
  Namespaces namespaces;
  linux_section.objects("namespaces", [&](JsonReader& in) {
    const std::string type = in.string("type");
    const bool joined = !in.string("path").empty();  // somebody else's, not a new one
    namespaces.user = namespaces.user || type == "user";
    namespaces.private_pid = namespaces.private_pid || (type == "pid" && !joined);
  });
  return namespaces;
}

// The host id of container id 0, from the first mapping that covers it.
uint32_t read_root_id(JsonReader& linux_section, std::string_view key) {
  uint32_t root = 0;
  bool found = false;
  linux_section.objects(key, [&](JsonReader& in) {
    const bool covers =
        in.integer<uint32_t>("containerID") == 0 && in.integer<uint32_t>("size") > 0;
    const uint32_t host = in.integer<uint32_t>("hostID");
    if (covers && !found) {
      root = host;
      found = true;
    }
  });
  return root;
}

}  // namespace

Result<OciConfig> parse_oci_config(std::string_view text, std::string_view object) {
  const Json json = TRY(parse_json(text, object));
  JsonReader reader(json, std::string(object));
  OciConfig config;
  // Without `linux` there are no namespaces: runc then mounts in the host's (D37).
  for (const char* key : {"process", "root", "linux"}) {
    if (!reader.has(key)) {
      reader.fail(key, "present");
    }
  }
  reader.object("process", [&](JsonReader& in) { config.process = read_oci_process(in); });
  reader.object("root", [&](JsonReader& in) {
    config.root_path = in.string("path");
    if (config.root_path.empty()) {  // which is absent as well to all that is written in Go
      in.fail("path", "present");
    }
  });
  reader.object("linux", [&](JsonReader& in) {
    const Namespaces namespaces = read_namespaces(in);
    config.private_pid_namespace = namespaces.private_pid;
    if (namespaces.user) {
      config.root_uid = read_root_id(in, "uidMappings");
      config.root_gid = read_root_id(in, "gidMappings");
    }
  });
  TRY(reader.check());
  return config;
}

bool has_private_pid_namespace(std::string_view config_text) {
  const Result<Json> json = parse_json(config_text, "config.json");
  if (!json) {
    return false;
  }
  JsonReader reader(*json, "config.json");
  bool found = false;
  reader.object("linux", [&](JsonReader& in) { found = read_namespaces(in).private_pid; });
  return found && reader.check();
}

}  // namespace chock::state
