// SPDX-License-Identifier: Apache-2.0
// Update: new limits for a container that runs.
#include "common/state/json.h"
#include "supervisor/co_try.h"
#include "supervisor/operations.h"
#include "supervisor/running.h"
#include "supervisor/task_json.h"

namespace chock::supervisor {

Awaitable<Result<Done>> update_container(SharedCore core, UpdateRequest request) {
  const Result<Turn> turn = co_await take_turn(core, "update", request.id);
  CO_TRY(turn);
  const Result<Running> container = find_running(*core, "update", request.id);
  CO_TRY(container);
  // Only what is to change: crun takes a zero for a limit of zero (D35).
  const state::Json resources = format_resources(request.resources);
  if (resources.empty()) {
    co_return Done{};
  }
  Order order{"update", runtime::update(container->runtime, container->id),
              state::format_json(resources)};
  CO_TRY(co_await run_on(*container, std::move(order)));
  co_return Done{};
}

}  // namespace chock::supervisor
