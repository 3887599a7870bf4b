// SPDX-License-Identifier: Apache-2.0
// The options that `run`, `start` and `restore` have in common: what a container is made from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "supervisor/cli/options.h"
#include "supervisor/cli/verb.h"
#include "supervisor/tasks.h"

namespace chock::supervisor::cli {

struct StartOptions {
  std::string id;
  std::string bundle = ".";
  std::vector<std::string> labels;
  bool no_pivot = false;
  bool remove = true;
  int64_t start_timeout = 30;  // seconds
  std::string log;

  void declare(Options& options);
  [[nodiscard]] Result<StartRequest> request(const GlobalOptions& globals) const;
};

// `start` and `restore` leave the container to itself, so its streams go to files or fifos.
struct StdioOptions {
  std::string in, out, err;

  void declare(Options& options);
  [[nodiscard]] Result<void> apply(StdioRequest& stdio) const;
};

// A path made absolute; an empty one stays empty.
[[nodiscard]] Result<std::string> absolute_or_empty(const std::string& path);

// The answer of a start as `chock start` prints it: with the paths of the fifos by which its shim
// is asked for things, and tells of its end.
[[nodiscard]] std::string describe_started(const state::Json& answer);

}  // namespace chock::supervisor::cli
