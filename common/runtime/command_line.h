// SPDX-License-Identifier: Apache-2.0
// The OCI runtime's command lines, as pure functions from a request to an argument vector. Words
// and their order are the containerd 0.2 contract; wrappers that log arguments rely on it.
#pragma once

#include <string>
#include <vector>

#include "common/state/checkpoint_config.h"

namespace chock::runtime {

using Arguments = std::vector<std::string>;

// What every invocation has in common.
struct Runtime {
  std::string name;       // argv[0], as configured
  Arguments global_args;  // runtimeArgs: between the program and the verb
};

// Where the shim's invocations write, and what they act on. Paths are absolute.
struct LaunchPaths {
  std::string log;
  std::string pid_file;
  std::string console_socket;  // empty: no terminal
};

[[nodiscard]] Arguments create(const Runtime& runtime, const LaunchPaths& paths,
                               const std::string& bundle, bool no_pivot, const std::string& id);
[[nodiscard]] Arguments exec(const Runtime& runtime, const LaunchPaths& paths,
                             const std::string& process_file, const std::string& id);

struct RestoreRequest {
  std::string image_path;  // the checkpoint's directory
  std::string work_path;   // criu's
  state::CheckpointConfig checkpoint;
  bool no_pivot = false;
};
[[nodiscard]] Arguments restore(const Runtime& runtime, const LaunchPaths& paths,
                                const RestoreRequest& request, const std::string& id);

[[nodiscard]] Arguments start(const Runtime& runtime, const std::string& id);
[[nodiscard]] Arguments kill_all(const Runtime& runtime, const std::string& id);
[[nodiscard]] Arguments remove(const Runtime& runtime, const std::string& id);
// Kills what still runs; nothing to delete is fine.
[[nodiscard]] Arguments force_remove(const Runtime& runtime, const std::string& id);

[[nodiscard]] Arguments pause(const Runtime& runtime, const std::string& id);
[[nodiscard]] Arguments resume(const Runtime& runtime, const std::string& id);
// The resources to set come on stdin, as JSON.
[[nodiscard]] Arguments update(const Runtime& runtime, const std::string& id);

// Questions; answer.h reads what comes back.
[[nodiscard]] Arguments ps(const Runtime& runtime, const std::string& id);
[[nodiscard]] Arguments stats(const Runtime& runtime, const std::string& id);
[[nodiscard]] Arguments query_state(const Runtime& runtime, const std::string& id);

struct CheckpointRequest {
  std::string image_path;  // the checkpoint's directory
  std::string work_path;   // criu's
  state::CheckpointConfig checkpoint;
};
[[nodiscard]] Arguments checkpoint(const Runtime& runtime, const CheckpointRequest& request,
                                   const std::string& id);

}  // namespace chock::runtime
