// SPDX-License-Identifier: Apache-2.0
#include "common/state/checkpoint_config.h"

#include "common/state/json.h"

namespace chock::state {

Result<CheckpointConfig> parse_checkpoint_config(std::string_view text, std::string_view object) {
  const Json json = TRY(parse_json(text, object));
  JsonReader reader(json, std::string(object));
  CheckpointConfig config{.created = reader.string("created"),
                          .name = reader.string("name"),
                          .tcp = reader.boolean("tcp"),
                          .unix_sockets = reader.boolean("unixSockets"),
                          .shell = reader.boolean("shell"),
                          .exit = reader.boolean("exit"),
                          .empty_namespaces = reader.strings("emptyNS")};
  TRY(reader.check());
  return config;
}

std::string format_checkpoint_config(const CheckpointConfig& config) {
  Json json{{"created", config.created},          {"name", config.name},   {"tcp", config.tcp},
            {"unixSockets", config.unix_sockets}, {"shell", config.shell}, {"exit", config.exit}};
  if (!config.empty_namespaces.empty()) {
    json["emptyNS"] = config.empty_namespaces;
  }
  return format_json(json) + "\n";
}

}  // namespace chock::state
