// SPDX-License-Identifier: Apache-2.0
// `chock pause` and `chock resume`: all processes of a container stand still, or go on.
#include <memory>

#include "supervisor/cli/operation.h"
#include "supervisor/cli/process_words.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

Action declare_pause(Options& options) {
  const auto request = std::make_shared<PauseRequest>();
  declare_container(options, *request);
  return [request](const GlobalOptions& globals) {
    return carry_out(globals, {"pause", format_request(*request)});
  };
}

Action declare_resume(Options& options) {
  const auto request = std::make_shared<ResumeRequest>();
  declare_container(options, *request);
  return [request](const GlobalOptions& globals) {
    return carry_out(globals, {"resume", format_request(*request)});
  };
}

}  // namespace

const Verb kPause{.name = "pause",
                  .words = "ID",
                  .summary = "Freeze all processes of a container",
                  .example = "chock pause web1",
                  .declare = declare_pause};

const Verb kResume{.name = "resume",
                   .words = "ID",
                   .summary = "Let a paused container go on",
                   .example = "chock resume web1",
                   .declare = declare_resume};

}  // namespace chock::supervisor::cli
