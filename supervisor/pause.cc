// SPDX-License-Identifier: Apache-2.0
// Pause and resume. Clients wait for the events, so there is one for each that has succeeded.
#include "supervisor/co_try.h"
#include "supervisor/operations.h"
#include "supervisor/running.h"

namespace chock::supervisor {

Awaitable<Result<Done>> pause_container(SharedCore core, PauseRequest request) {
  const Result<Turn> turn = co_await take_turn(core, "pause", request.id);
  CO_TRY(turn);
  const Result<Running> container = find_running(*core, "pause", request.id);
  CO_TRY(container);
  Order order{"pause", runtime::pause(container->runtime, container->id)};
  CO_TRY(co_await run_on(*container, std::move(order)));
  core->publish(state::EventRecord::Type::Pause, request.id);
  co_return Done{};
}

Awaitable<Result<Done>> resume_container(SharedCore core, ResumeRequest request) {
  const Result<Turn> turn = co_await take_turn(core, "resume", request.id);
  CO_TRY(turn);
  const Result<Running> container = find_running(*core, "resume", request.id);
  CO_TRY(container);
  Order order{"resume", runtime::resume(container->runtime, container->id)};
  order.ends_container = true;  // what was killed while it was frozen ends as it thaws
  CO_TRY(co_await run_on(*container, std::move(order)));
  if (!container->watched || !container->watched->init_ended.is_set()) {
    core->publish(state::EventRecord::Type::Resume, request.id);
  }
  co_return Done{};
}

}  // namespace chock::supervisor
