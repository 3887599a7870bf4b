// SPDX-License-Identifier: Apache-2.0
// Ps: the processes of a container, whoever has started them. It changes nothing, so it waits for
// no turn.
#include "common/runtime/answer.h"
#include "supervisor/co_try.h"
#include "supervisor/operations.h"
#include "supervisor/running.h"

namespace chock::supervisor {

Awaitable<Result<PsAnswer>> list_processes(SharedCore core, PsRequest request) {
  const Result<Running> container = find_running(*core, "ps", request.id);
  CO_TRY(container);
  Order order{"ps", runtime::ps(container->runtime, container->id)};
  order.deadline = kQuestionDeadline;
  const Result<std::string> output = co_await run_on(*container, std::move(order));
  CO_TRY(output);
  Result<std::vector<pid_t>> pids = runtime::parse_pids(*output);
  CO_TRY(pids);
  co_return PsAnswer{*std::move(pids)};
}

}  // namespace chock::supervisor
