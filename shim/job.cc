// SPDX-License-Identifier: Apache-2.0
#include "shim/job.h"

#include <errno.h>

#include "common/state/id.h"
#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/state/oci_config.h"
#include "common/state/timestamp.h"

namespace chock::shim {
namespace {

namespace layout = state::layout;

// The content of a file that must exist; the Error calls it `path`.
Result<std::string> read_required(const sys::StateDir& dir, const char* name,
                                  const std::string& path) {
  std::optional<std::string> text = TRY(dir.read_file(name, state::kFileLimit));
  if (!text) {
    return system_error(ENOENT, "open", path);
  }
  return *std::move(text);
}

Result<state::CheckpointConfig> read_checkpoint(const std::string& directory) {
  const std::string path = directory + "/" + layout::kCheckpointConfig;
  Result<sys::StateDir> dir = sys::StateDir::open(directory);
  if (!dir) {
    return system_error(dir.error().code, "open", path);
  }
  return state::parse_checkpoint_config(TRY(read_required(*dir, layout::kCheckpointConfig, path)),
                                        path);
}

// A bundle that cannot be read counts as sharing: then survivors are killed, which is always right.
bool bundle_has_private_pid_namespace(const std::string& bundle) {
  const Result<sys::StateDir> dir = sys::StateDir::open(bundle);
  if (!dir) {
    return false;
  }
  const Result<std::optional<std::string>> text =
      dir->read_file(layout::kBundleConfig, state::kFileLimit);
  return text && *text && state::has_private_pid_namespace(**text);
}

}  // namespace

Result<Job> Job::read(const sys::StateDir& dir, const std::string& id, const std::string& bundle,
                      const std::string& runtime) {
  TRY(state::check_id(id, "container id"));
  const std::string text = TRY(read_required(dir, layout::kProcessState, layout::kProcessState));
  Job job{.id = id, .bundle = bundle, .directory = dir.path()};
  job.process = TRY(state::parse_process_state(text));
  job.runtime = {.name = runtime, .global_args = job.process.runtime_args};
  if (job.restores()) {
    job.checkpoint = TRY(read_checkpoint(job.process.checkpoint));
  }
  return job;
}

const char* Job::step() const {
  if (process.exec) {
    return "exec";
  }
  return restores() ? "restore" : "create";
}

Traits Job::traits() const {
  if (process.exec) {
    return {};
  }
  if (process.sealed) {
    return {.undo = true};
  }
  return {.kill_all = !bundle_has_private_pid_namespace(bundle), .remove = true, .undo = true};
}

runtime::Arguments Job::launch_arguments(const std::string& console_socket) const {
  const auto in_directory = [this](const char* name) { return directory + "/" + name; };
  const runtime::LaunchPaths paths{.log = in_directory(layout::kRuntimeLog),
                                   .pid_file = in_directory(layout::kRuntimePid),
                                   .console_socket = console_socket};
  if (process.exec) {
    return runtime::exec(runtime, paths, in_directory(layout::kProcessState), id);
  }
  if (restores()) {
    const std::string work = process.checkpoint + "/" + layout::kCriuWork + "/restore-" +
                             state::format_timestamp(state::wall_clock());
    const runtime::RestoreRequest request{.image_path = process.checkpoint,
                                          .work_path = work,
                                          .checkpoint = checkpoint,
                                          .no_pivot = process.no_pivot_root};
    return runtime::restore(runtime, paths, request, id);
  }
  return runtime::create(runtime, paths, bundle, process.no_pivot_root, id);
}

}  // namespace chock::shim
