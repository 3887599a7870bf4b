// SPDX-License-Identifier: Apache-2.0
// Start and restore.
#include <errno.h>

#include <asio/experimental/awaitable_operators.hpp>

#include "common/failpoint.h"
#include "common/runtime/command_line.h"
#include "common/state/id.h"
#include "common/state/layout.h"
#include "common/sys/open_files.h"
#include "supervisor/bundle.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/first_of.h"
#include "supervisor/launch.h"
#include "supervisor/oom.h"
#include "supervisor/operations.h"
#include "supervisor/process_check.h"
#include "supervisor/program_paths.h"
#include "supervisor/runtime_call.h"
#include "supervisor/settle.h"
#include "supervisor/shim_launch.h"
#include "supervisor/stdio_plan.h"
#include "supervisor/watch.h"

namespace chock::supervisor {
namespace {

using asio::experimental::awaitable_operators::operator||;

struct Plan {
  std::string id;
  state::ContainerState container;
  state::ProcessState init;
  Stdio stdio = Stdio::Paths;
  std::chrono::milliseconds timeout{};
};

Result<runtime::Runtime> choose_runtime(const Core& core, const StartRequest& request) {
  if (request.runtime.empty()) {
    return core.settings.runtime;
  }
  return runtime::Runtime{.name = TRY(find_runtime(request.runtime)),
                          .global_args = request.runtime_args};
}

std::string checkpoint_path(const StartRequest& request) {
  if (request.checkpoint.empty()) {
    return {};
  }
  const std::string& dir = request.checkpoint_dir;
  return (dir.empty() ? request.bundle + "/" + state::layout::kCheckpoints : dir) + "/" +
         request.checkpoint;
}

// Everything that can be refused without having touched anything.
Result<Plan> plan_start(const Core& core, const StartRequest& request) {
  TRY(state::check_id(request.id, "container id"));
  state::OciConfig config = TRY(read_bundle(request.bundle));
  TRY(check_process(config.process, "parse", config_path(request.bundle) + ": process: "));
  const runtime::Runtime runtime = TRY(choose_runtime(core, request));
  Plan plan;
  plan.id = request.id;
  plan.container = {.bundle = request.bundle,
                    .labels = request.labels,
                    .runtime = runtime.name,
                    .runtime_args = runtime.global_args,
                    .shim = core.settings.shim,
                    .no_pivot_root = request.no_pivot,
                    .keep = request.keep};
  plan.init = {.process = std::move(config.process),
               .runtime_args = runtime.global_args,
               .no_pivot_root = request.no_pivot,
               .checkpoint = checkpoint_path(request),
               .root_uid = config.root_uid,
               .root_gid = config.root_gid,
               // With a private pid namespace the kernel kills what is left when init dies. If we
               // stay to delete the container, the shim has nothing to run any more.
               .sealed = core.owns() && config.private_pid_namespace};
  if (request.console_size && plan.init.process.terminal) {
    plan.init.process.console_size = request.console_size;
  }
  TRY(set_stdio(plan.init, request.stdio));
  plan.stdio = kind_of(request.stdio);
  plan.timeout = request.timeout.count() > 0 ? request.timeout : core.settings.start_timeout;
  return plan;
}

LaunchOrder order_of(const Core& core, const Plan& plan, const state::ProcessState& init,
                     sys::StateDir dir, Latch* gone) {
  StartAnswer prepared = answer_for(plan.id, state::layout::kInit, dir.path(), init);
  return {.operation = "start",
          .dir = std::move(dir),
          .command = {.path = plan.container.shim,
                      .container_id = plan.id,
                      .bundle = plan.container.bundle,
                      .runtime = plan.container.runtime,
                      .oom_score_adj = core.oom_score_for_containers()},
          .runtime = runtime_of(plan.container),
          .limits = {.timeout = plan.timeout, .gone = gone},
          .prepared = std::move(prepared)};
}

// A shim that fails while `start` runs takes the container with it, and with a hook in it `start`
// could go on for long. One that ends with 0 has seen a short life to its end (D53).
Awaitable<void> watch_start(const sys::Pidfd& shim, Latch* gone, Latch& stop, bool& shim_failed) {
  co_await first_of(readable(shim.fd()), when_set(gone));
  const Result<std::optional<sys::Reaped>> reaped = shim.reap();
  shim_failed = reaped && *reaped && !(*reaped)->status.success();
  if (!shim_failed) {
    co_await when_set(gone);
  }
  stop.set();
  co_await readable(-1);  // it is for the call to end this
}

Awaitable<Result<void>> run_start(const Plan& plan, const sys::Pidfd& shim, Latch* gone) {
  Latch stop;
  bool shim_failed = false;
  const auto first = co_await (call_runtime(runtime::start(runtime_of(plan.container), plan.id),
                                            std::string(), {.stop = &stop}) ||
                               watch_start(shim, gone, stop, shim_failed));
  const Result<RuntimeAnswer>& answer = std::get<0>(first);
  if (shim_failed) {
    co_return input_error("start", plan.id,
                          "containerd: shim exited before container process was started");
  }
  if (gone != nullptr && gone->is_set()) {
    co_return context_canceled("start", plan.id);
  }
  if (!answer) {
    co_return std::unexpected(
        Error{answer.error().code, "start", plan.id, answer.error().message()});
  }
  co_return check_answer(*answer, "start", plan.id);
}

Awaitable<Result<void>> undo_start(const Plan& plan, const Launched& launched) {
  const sys::Pidfd* process = launched.process ? &*launched.process : nullptr;
  Result<void> undone = co_await undo_container(runtime_of(plan.container), plan.id, process);
  // An unsealed shim is about to delete the container as well; then it ends by itself.
  co_await first_of(readable(launched.shim.fd()), pause_for(kShimEndGrace));
  co_await end_shim(launched.shim);
  co_return undone;
}

// From a complete directory to a started container, or to nothing but the directory.
Awaitable<Result<Launched>> bring_up(SharedCore core, Container& container, const Plan& plan,
                                     LaunchOrder order, const Caller& caller) {
  Result<Launched> launched = co_await launch(std::move(order), caller);
  if (!launched) {
    co_return launched;
  }
  if (core->owns() && launched->process) {
    arm_oom(*core, container, *launched->process);
  }
  if (!plan.init.checkpoint.empty()) {
    co_return launched;  // what is restored runs already
  }
  const Result<void> started = co_await run_start(plan, launched->shim, caller.gone);
  CHOCK_FAILPOINT("started");
  if (!started) {
    const Result<void> undone = co_await undo_start(plan, *launched);
    co_return std::unexpected(with_undo(started.error(), undone));
  }
  co_return launched;
}

void begin_life(const SharedCore& core, std::shared_ptr<Container> container, Launched launched) {
  auto init = std::make_shared<Process>(state::layout::kInit);
  init->dir = std::move(launched.dir);
  init->exit_fifo = std::move(launched.exit_fifo);
  init->shim = std::move(launched.shim);
  init->process = std::move(launched.process);
  container->processes[init->id] = init;
  begin_oom_watch(core, container);
  begin_watch(core, std::move(container), std::move(init));
}

Awaitable<Result<StartAnswer>> start_planned(SharedCore core, std::shared_ptr<Container> container,
                                             Plan plan, Caller caller) {
  const std::optional<Gate::Turn> slot = co_await core->starts.enter(caller.gone);
  if (!slot) {
    co_return context_canceled("start", plan.id);
  }
  if (!sys::has_open_files_to_spare()) {
    co_return system_error(EMFILE, "start", plan.id);
  }
  Result<NewContainer> made =
      make_container(core->root, plan.id, plan.container, plan.init, plan.stdio);
  CO_TRY(made);
  LaunchOrder order = order_of(*core, plan, made->state, std::move(made->init), caller.gone);
  StartAnswer answer = order.prepared;
  Result<Launched> launched = co_await bring_up(core, *container, plan, std::move(order), caller);
  if (!launched) {
    // Before the answer: whoever gets it may try again at once (D73).
    if (const Result<void> gone = discard_dir(core->root, core->root, plan.id); !gone) {
      core->note(plan.id, {}, gone.error());
    }
    co_return std::unexpected(std::move(launched).error());
  }
  answer.pid = launched->pid;
  core->publish(state::EventRecord::Type::StartContainer, plan.id);
  CHOCK_FAILPOINT("announced");
  if (core->owns()) {
    begin_life(core, std::move(container), *std::move(launched));
  }
  co_return answer;
}

}  // namespace

Awaitable<Result<StartAnswer>> start_container(SharedCore core, StartRequest request,
                                               Caller caller) {
  Result<Plan> plan = plan_start(*core, request);
  CO_TRY(plan);
  if (core->find(request.id)) {
    co_return system_error(EEXIST, "mkdir", core->root.path_of(request.id));
  }
  auto container = std::make_shared<Container>(request.id, plan->container);
  std::optional<Gate::Turn> turn = co_await container->gate.enter();
  core->containers[request.id] = container;
  Result<StartAnswer> answer =
      co_await start_planned(core, container, *std::move(plan), std::move(caller));
  if (!answer || !core->owns()) {
    core->containers.erase(request.id);
  }
  co_return answer;
}

}  // namespace chock::supervisor
