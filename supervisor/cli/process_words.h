// SPDX-License-Identifier: Apache-2.0
// The words by which most verbs name a container, or a process of one.
#pragma once

#include "supervisor/cli/options.h"

namespace chock::supervisor::cli {

template <class Request>
void declare_container(Options& options, Request& request) {
  options.word("ID", request.id, "Container id");
}

template <class Request>
void declare_process_of(Options& options, Request& request) {
  declare_container(options, request);
  options.text("-p,--process", request.process, "E", "Id of a process that was added (init)");
}

}  // namespace chock::supervisor::cli
