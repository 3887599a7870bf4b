// SPDX-License-Identifier: Apache-2.0
// A container that runs, as operations of the runtime find it, and the right to be the only one of
// them for a while.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/runtime/command_line.h"
#include "common/sys/lock_file.h"
#include "common/sys/pidfd.h"
#include "supervisor/core.h"
#include "supervisor/operations.h"
#include "supervisor/runtime_call.h"

namespace chock::supervisor {

struct Running {
  std::string id;
  std::string bundle;
  runtime::Runtime runtime;
  sys::Pidfd init;
  std::shared_ptr<Container> watched;  // null: not by us
};
// ESRCH if there is no such container, or it does not run: it has not begun to, or its init has
// ended.
[[nodiscard]] Result<Running> find_running(const Core& core, const char* operation,
                                           const std::string& id);

// While this exists nobody else does to the container what excludes others; what its end takes away
// is still there.
struct Turn {
  std::shared_ptr<Container> watched;  // whose gate it is
  std::optional<Gate::Turn> place;     // of a container that we watch
  std::optional<sys::LockFile> lock;   // of any other
};
[[nodiscard]] Awaitable<Result<Turn>> take_turn(SharedCore core, const char* operation,
                                                std::string id);

// Runs `arguments` on a container and returns what the runtime has printed on stdout. A runtime
// that hangs does not keep the container from ending: if that happens first, the answer is ESRCH.
// `container` must outlive the call.
struct Order {
  const char* operation;
  runtime::Arguments arguments;
  std::string input;
  std::chrono::milliseconds deadline = kRuntimeDeadline;
  bool ends_container = false;  // the container may end in it, which does not end the call
};
[[nodiscard]] Awaitable<Result<std::string>> run_on(const Running& container, Order order);

}  // namespace chock::supervisor
