// SPDX-License-Identifier: Apache-2.0
#include "common/state/process_state.h"

#include "common/state/json.h"
#include "common/state/layout.h"

namespace chock::state {

Result<ProcessState> parse_process_state(std::string_view text) {
  const Json json = TRY(parse_json(text, layout::kProcessState));
  JsonReader reader(json, layout::kProcessState);
  ProcessState state;
  state.process = read_oci_process(reader);
  state.exec = reader.boolean("exec");
  state.stdin_path = reader.string("containerdStdin");
  state.stdout_path = reader.string("containerdStdout");
  state.stderr_path = reader.string("containerdStderr");
  state.runtime_args = reader.strings("runtimeArgs");
  state.no_pivot_root = reader.boolean("noPivotRoot");
  state.checkpoint = reader.string("checkpoint");
  state.root_uid = reader.integer<uint32_t>("rootUID");
  state.root_gid = reader.integer<uint32_t>("rootGID");
  state.sealed = reader.boolean("sealed");
  TRY(reader.check());
  return state;
}

std::string format_process_state(const ProcessState& state) {
  Json json = Json::object();
  append_oci_process(json, state.process);
  json["exec"] = state.exec;
  json["containerdStdin"] = state.stdin_path;
  json["containerdStdout"] = state.stdout_path;
  json["containerdStderr"] = state.stderr_path;
  json["runtimeArgs"] = state.runtime_args;
  json["noPivotRoot"] = state.no_pivot_root;
  json["checkpoint"] = state.checkpoint;
  json["rootUID"] = state.root_uid;
  json["rootGID"] = state.root_gid;
  if (state.sealed) {
    json["sealed"] = true;
  }
  return format_json(json) + "\n";
}

}  // namespace chock::state
