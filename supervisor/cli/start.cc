// SPDX-License-Identifier: Apache-2.0
// `chock start`: a container left to itself, for programs that embed chock.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/start_options.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

struct Values {
  StartOptions start;
  StdioOptions stdio;
};

Result<StartRequest> make_request(const Values& values, const GlobalOptions& globals) {
  StartRequest request = TRY(values.start.request(globals));
  TRY(values.stdio.apply(request.stdio));
  return request;
}

int start(const Values& values, const GlobalOptions& globals) {
  const Result<StartRequest> request = make_request(values, globals);
  return request ? launch(globals, {"start", format_request(*request)}, describe_started)
                 : refuse(request.error());
}

Action declare_start(Options& options) {
  const auto values = std::make_shared<Values>();
  values->start.declare(options);
  values->stdio.declare(options);
  return [values](const GlobalOptions& globals) { return start(*values, globals); };
}

}  // namespace

const Verb kStart{.name = "start",
                  .words = "ID",
                  .summary = "Start a container and print where it is, as JSON",
                  .example = "chock start -b /srv/bundles/web --log /var/log/web1.log web1",
                  .declare = declare_start};

}  // namespace chock::supervisor::cli
