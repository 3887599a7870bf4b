// SPDX-License-Identifier: Apache-2.0
// One invocation of the OCI runtime: bounded in time, its output captured and bounded in size.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/runtime/command_line.h"
#include "common/sys/exit_status.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"

namespace chock::supervisor {

// Hooks run inside these calls, so this is generous; Docker gives its starts the same.
inline constexpr std::chrono::seconds kRuntimeDeadline{120};
// Of a call that only asks: nothing runs in it but the runtime.
inline constexpr std::chrono::seconds kQuestionDeadline{30};

struct RuntimeAnswer {
  sys::ExitStatus status;
  std::string output;  // stdout
  std::string errors;  // stderr
};

struct CallLimits {
  std::chrono::milliseconds deadline = kRuntimeDeadline;
  Latch* stop = nullptr;  // set: kill it; null: never
};

// Runs `arguments` with `input` on stdin, in a process group of its own: a ^C typed at our terminal
// is not meant for it. A call that outlives its deadline, or is to stop (ECANCELED), is killed with
// its group; that, and a program that cannot be run, is an Error. A failing runtime is not: see
// check_answer.
[[nodiscard]] Awaitable<Result<RuntimeAnswer>> call_runtime(runtime::Arguments arguments,
                                                            std::string input = {},
                                                            CallLimits limits = {});

// Failure as an Error whose detail is what the runtime itself says about it.
[[nodiscard]] Result<void> check_answer(const RuntimeAnswer& answer, std::string_view operation,
                                        std::string_view id);

// The runtime's complaint as people should see it: the message of its last error record where it
// has one, else its last line.
[[nodiscard]] std::string complaint_of(std::string_view errors);

// Whether a failed `delete` says that there was nothing to delete, in runc's or crun's words.
[[nodiscard]] bool says_gone(const RuntimeAnswer& answer);

}  // namespace chock::supervisor
