// SPDX-License-Identifier: Apache-2.0
// `chock list`: every container of the state root.
#include <memory>

#include "supervisor/cli/container_table.h"
#include "supervisor/cli/operation.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

std::string ids_of(const state::Json& answer) {
  std::string text;
  state::JsonReader reader(answer, "answer");
  reader.objects("containers",
                 [&text](state::JsonReader& container) { text += container.string("id") + "\n"; });
  return text;
}

Action declare_list(Options& options) {
  const auto quiet = std::make_shared<bool>(false);
  options.flag("-q,--quiet", *quiet, "Ids only, one a line");
  return [quiet](const GlobalOptions& globals) {
    return carry_out(globals, {"list", format_request(ListRequest{})},
                     *quiet ? ids_of : describe_list);
  };
}

}  // namespace

const Verb kList{.name = "list",
                 .words = "",
                 .summary = "List containers",
                 .example = "chock list --json",
                 .declare = declare_list};

}  // namespace chock::supervisor::cli
