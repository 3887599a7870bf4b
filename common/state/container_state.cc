// SPDX-License-Identifier: Apache-2.0
#include "common/state/container_state.h"

#include "common/state/json.h"
#include "common/state/layout.h"

namespace chock::state {
namespace {

std::optional<std::vector<std::string>> read_optional_strings(JsonReader& reader,
                                                              std::string_view key) {
  if (!reader.has(key)) {
    return std::nullopt;
  }
  return reader.strings(key);
}

Json format_optional_strings(const std::optional<std::vector<std::string>>& list) {
  return list ? Json(*list) : Json(nullptr);
}

}  // namespace

Result<ContainerState> parse_container_state(std::string_view text) {
  const Json json = TRY(parse_json(text, layout::kContainerState));
  JsonReader reader(json, layout::kContainerState);
  ContainerState state;
  state.bundle = reader.string("bundle");
  state.labels = read_optional_strings(reader, "labels");
  state.runtime = reader.string("runtime");
  state.runtime_args = read_optional_strings(reader, "runtimeArgs");
  state.shim = reader.string("shim");
  state.no_pivot_root = reader.boolean("noPivotRoot");
  state.keep = reader.boolean("keep");
  TRY(reader.check());
  return state;
}

std::string format_container_state(const ContainerState& state) {
  Json json = Json::object();
  json["bundle"] = state.bundle;
  json["labels"] = format_optional_strings(state.labels);
  // Never read by anybody, always there.
  json["stdin"] = "";
  json["stdout"] = "";
  json["stderr"] = "";
  json["runtime"] = state.runtime;
  json["runtimeArgs"] = format_optional_strings(state.runtime_args);
  json["shim"] = state.shim;
  json["noPivotRoot"] = state.no_pivot_root;
  if (state.keep) {
    json["keep"] = true;
  }
  return format_json(json) + "\n";
}

}  // namespace chock::state
