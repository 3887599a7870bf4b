// SPDX-License-Identifier: Apache-2.0
#include "supervisor/running.h"

#include <errno.h>

#include "common/state/layout.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/evidence.h"
#include "supervisor/settle.h"

namespace chock::supervisor {

Result<Running> find_running(const Core& core, const char* operation, const std::string& id) {
  const sys::StateDir dir = TRY(open_container(core, operation, id));
  const state::ContainerState state = TRY(read_container(dir));
  const sys::StateDir init = TRY(open_process(dir, operation, id, state::layout::kInit));
  const sys::UniqueFd exit_fifo = TRY(open_exit_fifo(init));
  Evidence evidence = TRY(read_evidence(init, exit_fifo.get()));
  if (judge(evidence) != Verdict::Running || !evidence.process || evidence.process->ended()) {
    return std::unexpected(Error{ESRCH, operation, id, "the container is not running"});
  }
  return Running{.id = id,
                 .bundle = state.bundle,
                 .runtime = runtime_of(state),
                 .init = *std::move(evidence.process),
                 .watched = core.find(id)};
}

Awaitable<Result<Turn>> take_turn(SharedCore core, const char* operation, std::string id) {
  Turn turn{.watched = core->find(id)};
  if (turn.watched) {
    std::optional<Gate::Turn> place = co_await turn.watched->gate.enter();
    turn.place.emplace(*std::move(place));  // always: it has no reason to give up waiting
    if (turn.watched->init_ended.is_set()) {
      co_return no_such_container(operation, id);
    }
    co_return turn;
  }
  const Result<sys::StateDir> dir = open_container(*core, operation, id);
  CO_TRY(dir);
  Result<sys::LockFile> lock = co_await lock_container(*dir, operation, id);
  CO_TRY(lock);
  turn.lock = *std::move(lock);
  co_return turn;
}

Awaitable<Result<std::string>> run_on(const Running& container, Order order) {
  const bool stops = container.watched && !order.ends_container;
  Latch* const ended = stops ? &container.watched->init_ended : nullptr;
  Result<RuntimeAnswer> answer =
      co_await call_runtime(std::move(order.arguments), std::move(order.input),
                            {.deadline = order.deadline, .stop = ended});
  if (!answer && ended != nullptr && ended->is_set()) {
    co_return no_such_container(order.operation, container.id);
  }
  if (!answer) {
    co_return std::unexpected(
        Error{answer.error().code, order.operation, container.id, answer.error().message()});
  }
  CO_TRY(check_answer(*answer, order.operation, container.id));
  co_return std::move(answer->output);
}

}  // namespace chock::supervisor
