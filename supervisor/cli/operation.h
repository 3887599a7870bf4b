// SPDX-License-Identifier: Apache-2.0
// What most verbs are: one operation, carried out by whoever is there for it, and its answer shown.
#pragma once

#include <functional>
#include <string>

#include "common/result.h"
#include "common/state/json.h"
#include "supervisor/cli/verb.h"

namespace chock::supervisor::cli {

struct Operation {
  std::string method;  // of Supervisor::call
  state::Json params;
  const char* verb = nullptr;  // what errors call it, if not by its method
};

// The answer for people, in place of the JSON object that --json prints; empty: nothing to tell.
using Show = std::function<std::string(const state::Json& answer)>;

[[nodiscard]] int carry_out(const GlobalOptions& globals, Operation operation,
                            const Show& show = {});

// The same for what makes a container ("start") or a process ("exec"), and leaves it to itself. A
// signal meanwhile undoes it.
[[nodiscard]] int launch(const GlobalOptions& globals, Operation operation, const Show& show);

}  // namespace chock::supervisor::cli
