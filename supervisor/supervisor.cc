// SPDX-License-Identifier: Apache-2.0
#include "supervisor/supervisor.h"

#include <errno.h>

#include <algorithm>
#include <array>

#include "common/state/layout.h"
#include "supervisor/co_try.h"
#include "supervisor/core.h"
#include "supervisor/operations.h"
#include "supervisor/task_json.h"

namespace chock::supervisor {
namespace {

using state::Json;

// The coroutine functions below take the core, not the Supervisor: they may be suspended when that
// goes.
template <class Answer>
Awaitable<Result<Answer>> ready(Result<Answer> answer) {
  co_return answer;
}

Awaitable<Result<StartAnswer>> observed(SharedCore core, StartOutcome::Kind kind,
                                        Awaitable<Result<StartAnswer>> start) {
  const auto begun = std::chrono::steady_clock::now();
  Result<StartAnswer> answer = co_await std::move(start);
  if (core->settings.observer.start_answered) {
    core->settings.observer.start_answered({.kind = kind,
                                            .started = answer.has_value(),
                                            .took = std::chrono::steady_clock::now() - begun});
  }
  co_return answer;
}

Awaitable<Result<StatsAnswer>> measured_stats(SharedCore core, StatsRequest request) {
  const auto begun = std::chrono::steady_clock::now();
  Result<StatsAnswer> answer = co_await read_stats(core, std::move(request));
  if (answer) {
    core->measured(Measurement::Of::Stats, begun);
  }
  co_return answer;
}

template <class Request, class Answer>
using Operation = Awaitable<Result<Answer>> (Supervisor::*)(Request);
template <class Request, class Answer>
using CallerOperation = Awaitable<Result<Answer>> (Supervisor::*)(Request, Caller);

template <class Answer>
Awaitable<Result<Json>> as_json(Awaitable<Result<Answer>> operation) {
  const Result<Answer> answer = co_await std::move(operation);
  CO_TRY(answer);
  co_return format_answer(*answer);
}

template <auto Method, class Request, class Answer>
Awaitable<Result<Json>> run(Supervisor& supervisor, const Json& params, Caller& caller) {
  Result<Request> request = parse_request<Request>(params);
  if (!request) {
    return ready<Json>(std::unexpected(std::move(request).error()));
  }
  if constexpr (std::is_same_v<decltype(Method), CallerOperation<Request, Answer>>) {
    return as_json<Answer>((supervisor.*Method)(*std::move(request), std::move(caller)));
  } else {
    return as_json<Answer>((supervisor.*Method)(*std::move(request)));
  }
}

struct Method {
  std::string_view name;
  Awaitable<Result<Json>> (*run)(Supervisor&, const Json&, Caller&);
};
using S = Supervisor;
constexpr std::array kMethods{
    Method{"start", run<&S::start, StartRequest, StartAnswer>},
    Method{"exec", run<&S::exec, ExecRequest, StartAnswer>},
    Method{"attach", run<&S::attach, AttachRequest, AttachAnswer>},
    Method{"kill", run<&S::kill, KillRequest, Done>},
    Method{"wait", run<&S::wait, WaitRequest, WaitAnswer>},
    Method{"state", run<&S::state, StateRequest, ContainerInfo>},
    Method{"list", run<&S::list, ListRequest, ListAnswer>},
    Method{"delete", run<&S::remove, DeleteRequest, Done>},
    Method{"resize", run<&S::resize, ResizeRequest, Done>},
    Method{"close-stdin", run<&S::close_stdin, CloseStdinRequest, Done>},
    Method{"pause", run<&S::pause, PauseRequest, Done>},
    Method{"resume", run<&S::resume, ResumeRequest, Done>},
    Method{"update", run<&S::update, UpdateRequest, Done>},
    Method{"stats", run<&S::stats, StatsRequest, StatsAnswer>},
    Method{"ps", run<&S::ps, PsRequest, PsAnswer>},
    Method{"checkpoint-create", run<&S::checkpoint_create, CheckpointCreateRequest, Done>},
    Method{"checkpoint-list",
           run<&S::checkpoint_list, CheckpointListRequest, CheckpointListAnswer>},
    Method{"checkpoint-delete", run<&S::checkpoint_delete, CheckpointDeleteRequest, Done>},
};

// A library's exception ends here, as an Error like any other.
Awaitable<Result<Json>> guarded(std::string method, Awaitable<Result<Json>> operation) {
  try {
    co_return co_await std::move(operation);
  } catch (const std::exception& error) {
    co_return input_error(method, "", error.what());
  }
}

}  // namespace

Supervisor::Supervisor(asio::any_io_executor executor, sys::StateDir root, Settings settings)
    : core_(std::make_shared<Core>(std::move(executor), std::move(root), std::move(settings))) {}

Supervisor::~Supervisor() = default;

std::vector<std::string_view> Supervisor::methods() {
  std::vector<std::string_view> names;
  std::ranges::transform(kMethods, std::back_inserter(names), &Method::name);
  return names;
}

Awaitable<Result<Json>> Supervisor::call(std::string method, const Json& params, Caller caller) {
  const auto* const found = std::ranges::find(kMethods, method, &Method::name);
  if (found == kMethods.end()) {
    return ready<Json>(std::unexpected(Error{ENOSYS, "call", method, "unknown method"}));
  }
  return guarded(std::move(method), found->run(*this, params, caller));
}

Awaitable<Result<StartAnswer>> Supervisor::start(StartRequest request, Caller caller) {
  return observed(core_, StartOutcome::Kind::Container,
                  start_container(core_, std::move(request), std::move(caller)));
}

Awaitable<Result<StartAnswer>> Supervisor::exec(ExecRequest request, Caller caller) {
  return observed(core_, StartOutcome::Kind::Exec,
                  start_exec(core_, std::move(request), std::move(caller)));
}

Awaitable<Result<AttachAnswer>> Supervisor::attach(AttachRequest request) {
  return ready(find_streams(*core_, request));
}

Awaitable<Result<Done>> Supervisor::kill(KillRequest request) {
  return ready(signal_process(*core_, request));
}

Awaitable<Result<WaitAnswer>> Supervisor::wait(WaitRequest request, Caller caller) {
  return wait_for_process(core_, std::move(request), std::move(caller));
}

Awaitable<Result<ContainerInfo>> Supervisor::state(StateRequest request) {
  return ready(inspect_container(*core_, request.id));
}

Awaitable<Result<ListAnswer>> Supervisor::list(ListRequest /*request*/) {
  return list_containers(core_);
}

Awaitable<Result<Done>> Supervisor::remove(DeleteRequest request) {
  return delete_container(core_, std::move(request));
}

Awaitable<Result<Done>> Supervisor::resize(ResizeRequest request) {
  return ready(resize_terminal(*core_, request));
}

Awaitable<Result<Done>> Supervisor::close_stdin(CloseStdinRequest request) {
  return ready(close_input(*core_, request));
}

Awaitable<Result<Done>> Supervisor::pause(PauseRequest request) {
  return pause_container(core_, std::move(request));
}

Awaitable<Result<Done>> Supervisor::resume(ResumeRequest request) {
  return resume_container(core_, std::move(request));
}

Awaitable<Result<Done>> Supervisor::update(UpdateRequest request) {
  return update_container(core_, std::move(request));
}

Awaitable<Result<StatsAnswer>> Supervisor::stats(StatsRequest request) {
  return measured_stats(core_, std::move(request));
}

Awaitable<Result<PsAnswer>> Supervisor::ps(PsRequest request) {
  return list_processes(core_, std::move(request));
}

Awaitable<Result<Done>> Supervisor::checkpoint_create(CheckpointCreateRequest request) {
  return create_checkpoint(core_, std::move(request));
}

Awaitable<Result<CheckpointListAnswer>> Supervisor::checkpoint_list(CheckpointListRequest request) {
  return ready(list_checkpoints(*core_, request));
}

Awaitable<Result<Done>> Supervisor::checkpoint_delete(CheckpointDeleteRequest request) {
  return delete_checkpoint(core_, std::move(request));
}

Result<Supervisor::Adopted> Supervisor::adopt() { return adopt_root(core_); }

Supervisor::Load Supervisor::load() const {
  size_t execs = 0;
  size_t waiting_execs = core_->execs.waiting();
  for (const auto& [id, container] : core_->containers) {
    waiting_execs += container->execs.waiting();
    execs += container->processes.size() - container->processes.count(state::layout::kInit);
  }
  return {.containers = core_->containers.size(),
          .execs = execs,
          .waiting_containers = core_->starts.waiting(),
          .waiting_execs = waiting_execs};
}

}  // namespace chock::supervisor
