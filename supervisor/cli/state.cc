// SPDX-License-Identifier: Apache-2.0
// `chock state`: all that is known of one container.
#include <memory>

#include "supervisor/cli/container_table.h"
#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

Action declare_state(Options& options) {
  const auto request = std::make_shared<StateRequest>();
  declare_container(options, *request);
  return [request](const GlobalOptions& globals) {
    return carry_out(globals, {"state", format_request(*request)}, describe_container);
  };
}

}  // namespace

const Verb kState{.name = "state",
                  .words = "ID",
                  .summary = "Tell what is known of a container and its processes",
                  .example = "chock state --json web1",
                  .declare = declare_state};

}  // namespace chock::supervisor::cli
