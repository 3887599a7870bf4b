// SPDX-License-Identifier: Apache-2.0
// `chock checkpoint create`, `list` and `delete`.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/start_options.h"
#include "supervisor/cli/table.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

using state::Json;

template <class Request>
void declare_directory(Options& options, Request& request) {
  options.text("--checkpoint-dir", request.directory, "DIR",
               "Where checkpoints are (BUNDLE/checkpoints)");
}

template <class Request>
int carry_out_in_directory(const GlobalOptions& globals, const char* method, Request& request,
                           const Show& show = {}) {
  Result<std::string> directory = absolute_or_empty(request.directory);
  if (!directory) {
    return refuse(directory.error());
  }
  request.directory = *std::move(directory);
  return carry_out(globals, {method, format_request(request)}, show);
}

std::string describe_checkpoints(const Json& answer) {
  Table table({{"NAME"}, {"CREATED"}, {"TCP"}, {"UNIX SOCKETS"}, {"SHELL"}});
  state::JsonReader reader(answer, "answer");
  reader.objects("checkpoints", [&table](state::JsonReader& checkpoint) {
    const auto said = [&checkpoint](const char* key) {
      return Table::Cell{checkpoint.boolean(key) ? "yes" : "no"};
    };
    table.add_row({{checkpoint.string("name")},
                   {checkpoint.string("created")},
                   said("tcp"),
                   said("unixSockets"),
                   said("shell")});
  });
  return table.format(colours_of_stdout());
}

Action declare_create(Options& options) {
  const auto request = std::make_shared<CheckpointCreateRequest>();
  declare_container(options, *request);
  options.word("NAME", request->checkpoint.name, "Name of the checkpoint");
  declare_directory(options, *request);
  options.flag("--exit", request->checkpoint.exit, "End the container");
  options.flag("--tcp", request->checkpoint.tcp, "With open TCP connections");
  options.flag("--unix-sockets", request->checkpoint.unix_sockets, "With external Unix sockets");
  options.flag("--shell", request->checkpoint.shell, "With shell jobs");
  options.texts("--empty-ns", request->checkpoint.empty_namespaces, "KIND",
                "Namespace that is to be made anew on restore");
  return [request](const GlobalOptions& globals) {
    return carry_out_in_directory(globals, "checkpoint-create", *request);
  };
}

Action declare_checkpoint_list(Options& options) {
  const auto request = std::make_shared<CheckpointListRequest>();
  declare_container(options, *request);
  declare_directory(options, *request);
  return [request](const GlobalOptions& globals) {
    return carry_out_in_directory(globals, "checkpoint-list", *request, describe_checkpoints);
  };
}

Action declare_checkpoint_delete(Options& options) {
  const auto request = std::make_shared<CheckpointDeleteRequest>();
  declare_container(options, *request);
  options.word("NAME", request->name, "Name of the checkpoint");
  declare_directory(options, *request);
  return [request](const GlobalOptions& globals) {
    return carry_out_in_directory(globals, "checkpoint-delete", *request);
  };
}

}  // namespace

const Verb kCheckpointCreate{.name = "checkpoint create",
                             .words = "ID NAME",
                             .summary = "Save a container's state to disk",
                             .example = "chock checkpoint create --exit web1 before-upgrade",
                             .declare = declare_create};

const Verb kCheckpointList{.name = "checkpoint list",
                           .words = "ID",
                           .summary = "List a container's checkpoints",
                           .example = "chock checkpoint list web1",
                           .declare = declare_checkpoint_list};

const Verb kCheckpointDelete{.name = "checkpoint delete",
                             .words = "ID NAME",
                             .summary = "Delete a checkpoint",
                             .example = "chock checkpoint delete web1 before-upgrade",
                             .declare = declare_checkpoint_delete};

}  // namespace chock::supervisor::cli
