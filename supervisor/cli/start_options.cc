// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/start_options.h"

#include <errno.h>
#include <unistd.h>

#include "common/state/layout.h"
#include "supervisor/program_paths.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

// Whoever carries the start out names config.json, in the words of the contract, whether that is
// missing or all of the bundle.
Result<std::string> find_bundle(const std::string& chosen) {
  std::string path = TRY(absolute_path(chosen));
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return system_error("open bundle", path);
  }
  return path;
}

}  // namespace

void StartOptions::declare(Options& options) {
  options.text("-b,--bundle", bundle, "DIR", "Bundle directory");
  options.texts("--label", labels, "TEXT", "Label, kept in state.json");
  options.flag("--no-pivot", no_pivot, "Do not use pivot_root");
  options.flag("--rm", remove, "Remove its directory when it has ended (--rm=false: keep it)");
  options.number("--start-timeout", start_timeout, {1, kLongestTimeout}, "SECONDS",
                 "How long to wait for the container");
  options.text("--log", log, "FILE", "Append stdout and stderr to a file");
  options.word("ID", id, "Container id");
}

Result<StartRequest> StartOptions::request(const GlobalOptions& globals) const {
  StartRequest request{.id = id, .bundle = TRY(find_bundle(bundle))};
  if (!globals.runtime.empty() || !globals.runtime_args.empty()) {
    request.runtime = TRY(find_runtime(globals.runtime));
    request.runtime_args = globals.runtime_args;
  }
  if (!labels.empty()) {
    request.labels = labels;
  }
  request.no_pivot = no_pivot;
  request.keep = !remove;
  request.timeout = std::chrono::seconds(start_timeout);
  request.stdio.log = TRY(absolute_or_empty(log));
  return request;
}

void StdioOptions::declare(Options& options) {
  options.text("--stdin", in, "PATH", "Fifo or file that exists (/dev/null)");
  options.text("--stdout", out, "PATH", "Fifo or file that exists (/dev/null)");
  options.text("--stderr", err, "PATH", "Fifo or file that exists (/dev/null)");
}

Result<void> StdioOptions::apply(StdioRequest& stdio) const {
  stdio.in = TRY(absolute_or_empty(in));
  stdio.out = TRY(absolute_or_empty(out));
  stdio.err = TRY(absolute_or_empty(err));
  return {};
}

Result<std::string> absolute_or_empty(const std::string& path) {
  return path.empty() ? path : absolute_path(path);
}

std::string describe_started(const state::Json& answer) {
  state::Json object = answer;
  const std::string directory = parse_start_answer(answer).directory + "/";
  object["control"] = directory + state::layout::kControlFifo;
  object["exit"] = directory + state::layout::kExitFifo;
  return state::format_json(object) + "\n";
}

}  // namespace chock::supervisor::cli
