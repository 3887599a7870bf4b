// SPDX-License-Identifier: Apache-2.0
// A verb of the command line, and the table of all of them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/cli/options.h"

namespace chock::supervisor::cli {

// What every verb understands, before it or after it.
struct GlobalOptions {
  std::string state_dir;  // empty: the default
  std::string runtime;    // empty: runc, else crun
  std::vector<std::string> runtime_args;
  std::string shim;   // empty: found
  bool json = false;  // the answer as the JSON-RPC API has it, in place of text for people
};

// Carries a verb out once its options are parsed, and returns the exit code.
using Action = std::function<int(const GlobalOptions&)>;

struct Verb {
  std::string_view name;     // one word, or two: "checkpoint list"
  std::string_view words;    // what follows the options: "ID [SIGNAL]"
  std::string_view summary;  // one line
  std::string_view example;  // command lines
  // Declares the options. They are parsed into variables that the action holds.
  Action (*declare)(Options& options);
};

// In the order in which the help lists them; each is defined in the file of its name.
[[nodiscard]] std::span<const Verb* const> verbs();

// The verbs whose names begin with `word` and go on with another one: "checkpoint".
[[nodiscard]] std::vector<std::string_view> verbs_below(std::string_view word);

// The verb that `word` was probably meant to be; empty if it looks like none of them.
[[nodiscard]] std::string_view nearest_verb(std::string_view word);

}  // namespace chock::supervisor::cli
