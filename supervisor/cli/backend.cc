// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/backend.h"

#include <errno.h>

#include <asio/experimental/awaitable_operators.hpp>

#include "common/state/event_record.h"
#include "supervisor/co_try.h"
#include "supervisor/core.h"
#include "supervisor/program_paths.h"
#include "supervisor/state_root.h"
#include "supervisor/task_json.h"

namespace chock::supervisor::cli {
namespace {

using asio::experimental::awaitable_operators::operator||;
using state::Json;

// The object of a request, for Errors.
std::string id_of(const Json& params) {
  state::JsonReader reader(params, "request");
  return reader.string("id");
}

Awaitable<Result<Json>> call_server(rpc::Client client, std::string method, Json params,
                                    Caller caller) {
  const std::string id = id_of(params);
  rpc::Client::Listen listen;
  if (caller.prepared) {
    listen = [&caller](const std::string& notification, const Json& content) {
      const auto process = content.find("process");
      if (notification == "prepared" && process != content.end()) {
        caller.prepared(parse_start_answer(*process));
      }
    };
  }
  if (caller.gone == nullptr) {
    co_return co_await client.call(std::move(method), std::move(params), std::move(listen));
  }
  // Who closes the connection has lost interest in the answer.
  auto first =
      co_await (client.call(method, std::move(params), std::move(listen)) || caller.gone->wait());
  if (first.index() == 1) {
    co_return context_canceled(method.c_str(), id);
  }
  co_return std::get<0>(std::move(first));
}

// The exit status of the process out of a container's events; nothing if they do not tell, because
// the server has stopped or has forgotten too much.
Awaitable<std::optional<uint32_t>> next_exit(rpc::Client& events, std::string process) {
  while (true) {
    const Result<rpc::Incoming> incoming = co_await events.next();
    if (!incoming || incoming->method == "gap" || incoming->method == "end") {
      co_return std::nullopt;
    }
    const auto event = incoming->content.find("event");
    if (event == incoming->content.end()) {
      continue;
    }
    const Result<state::EventRecord> record = state::event_record_from(*event);
    if (record && record->type == state::EventRecord::Type::Exit && record->process == process) {
      co_return record->status;
    }
  }
}

}  // namespace

Result<sys::StateDir> open_root(const GlobalOptions& globals, Launches launches) {
  const std::string path =
      globals.state_dir.empty() ? TRY(default_state_root()) : TRY(absolute_path(globals.state_dir));
  return launches == Launches::Container ? make_state_root(path) : open_state_root(path);
}

Result<Backend> Backend::open(asio::any_io_executor executor, const GlobalOptions& globals,
                              const Purpose& purpose) {
  Result<sys::StateDir> root = open_root(globals, purpose.launches);
  if (!root && root.error().code == ENOENT && purpose.launches != Launches::Container) {
    return no_such_container(purpose.operation.c_str(), purpose.id);
  }
  return Backend(std::move(executor), TRY(std::move(root)), globals, purpose.launches,
                 purpose.life);
}

// Once the work is being done in this process it stays here: a server that comes later does not
// know what we have under way.
Result<std::optional<rpc::Client>> Backend::connect() {
  return own_ ? Result<std::optional<rpc::Client>>() : rpc::Client::connect(executor_, *root_);
}

Result<void> Backend::make_own() {
  Settings settings{.life = life_};
  if (launches_ == Launches::Container) {
    settings.runtime = {.name = TRY(find_runtime(globals_.runtime)),
                        .global_args = globals_.runtime_args};
  }
  if (launches_ != Launches::Nothing) {
    settings.shim = TRY(find_shim(globals_.shim));
  }
  own_ = std::make_unique<Supervisor>(executor_, *std::exchange(root_, {}), std::move(settings));
  return {};
}

Awaitable<Result<Json>> Backend::call(std::string method, Json params, Caller caller) {
  Result<std::optional<rpc::Client>> client = connect();
  CO_TRY(client);
  if (*client) {
    // Whatever the server looks after is not ours to look after should it stop.
    life_ = Settings::Life::OneShot;
    co_return co_await call_server(**std::move(client), std::move(method), std::move(params),
                                   std::move(caller));
  }
  if (!own_) {
    CO_TRY(make_own());
  }
  co_return co_await own_->call(std::move(method), params, std::move(caller));
}

Awaitable<Result<void>> Backend::expect_end(std::string id) {
  Result<std::optional<rpc::Client>> client = connect();
  CO_TRY(client);
  if (*client) {
    Json params{{"id", std::move(id)}};
    CO_TRY(co_await (*client)->call("events", std::move(params)));
    exits_ = **std::move(client);
  }
  co_return Result<void>();
}

Awaitable<Result<uint32_t>> Backend::await_end(std::string id, std::string process, Latch& gone) {
  if (exits_) {
    auto first = co_await (next_exit(*exits_, process) || gone.wait());
    exits_.reset();
    if (first.index() == 1) {
      co_return context_canceled("wait", id);
    }
    if (const std::optional<uint32_t> status = std::get<0>(first)) {
      co_return *status;
    }
  }
  // The shim has written down what nobody tells us, or will.
  const Json params = format_request(WaitRequest{std::move(id), std::move(process)});
  Result<Json> answer = std::unexpected(Error{.code = ECONNRESET});
  // A server that is stopping still lets clients connect, and then is gone: the next connection
  // finds its successor, or nobody. Asking again does no harm.
  while (!answer && answer.error().code == ECONNRESET && !gone.is_set()) {
    // By name: g++ 12 destroys twice what braces make inside a co_await expression.
    Caller caller{.gone = &gone, .prepared = {}};
    answer = co_await call("wait", params, std::move(caller));
  }
  CO_TRY(answer);
  state::JsonReader reader(*answer, "answer");
  co_return reader.integer<uint32_t>("exitStatus");
}

}  // namespace chock::supervisor::cli
