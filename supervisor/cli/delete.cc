// SPDX-License-Identifier: Apache-2.0
// `chock delete`: takes a container away.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

Action declare_delete(Options& options) {
  const auto request = std::make_shared<DeleteRequest>();
  declare_container(options, *request);
  options.flag("-f,--force", request->force, "Kill it first if it is running");
  return [request](const GlobalOptions& globals) {
    return carry_out(globals, {"delete", format_request(*request)});
  };
}

}  // namespace

const Verb kDelete{.name = "delete",
                   .words = "ID",
                   .summary = "Take away a container that has stopped",
                   .example = "chock delete --force web1",
                   .declare = declare_delete};

}  // namespace chock::supervisor::cli
