// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/daemon.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/state/layout.h"
#include "common/sys/orphans.h"
#include "common/sys/signals.h"
#include "supervisor/containerd/api.h"
#include "supervisor/containerd/listen.h"
#include "supervisor/containerd/server.h"
#include "supervisor/program_paths.h"
#include "supervisor/rpc/server.h"
#include "supervisor/serving.h"
#include "supervisor/state_root.h"

namespace chock::supervisor::containerd {
namespace {

bool is_given(const Flags& flags, std::string_view name) {
  return std::ranges::find(flags.given, name) != flags.given.end();
}

// An unknown name is told, once there is a log, and means "info".
std::optional<Note::Level> level_of(const std::string& name) {
  if (name == "warn") {
    return Note::Level::Warning;
  }
  if (name == "fatal" || name == "panic") {
    return Note::Level::Error;
  }
  const Result<Note::Level> level = parse_level(name);
  return level ? std::optional(*level) : std::nullopt;
}

Log make_log(const Flags& flags) {
  const Note::Level least =
      flags.debug ? Note::Level::Debug : level_of(flags.log_level).value_or(Note::Level::Info);
  return {Log::Format::Text, least};
}

struct Shim {
  std::string path;
  std::string missing;  // what was asked for, if there is none
};

// Its default name is the original's, and means ours. One that is missing is for every create to
// say: what runs already can be looked after without it.
Shim choose_shim(const Flags& flags) {
  const std::string chosen = is_given(flags, "shim") ? flags.shim : "";
  const Result<std::string> found = find_shim(chosen);
  return found ? Shim{.path = *found} : Shim{.path = flags.shim, .missing = flags.shim};
}

ServingSettings settings_of(const Flags& flags, const Shim& shim) {
  return {.runtime = {.name = flags.runtime, .global_args = flags.runtime_args},
          .shim = shim.path,
          .start_timeout =
              std::chrono::ceil<std::chrono::milliseconds>(std::max(flags.start_timeout, {})),
          .retained_events = static_cast<size_t>(std::max<int64_t>(flags.retain_count, 0)),
          .metrics_address = flags.metrics_address};
}

void say_what_is_different(const Flags& flags, const Shim& shim,
                           const std::function<void(const Note&)>& note) {
  const auto warn = [&note](std::string text) {
    note({.level = Note::Level::Warning, .text = std::move(text)});
  };
  if (!flags.log_level.empty() && !level_of(flags.log_level)) {
    warn("--log-level " + flags.log_level + " is unknown, continuing with info");
  }
  if (!flags.pprof_address.empty()) {
    warn("--pprof-address is without effect: there is no debug server");
  }
  if (!flags.graphite_address.empty()) {
    warn("--graphite-address is without effect: metrics are at --metrics-address");
  }
  if (is_given(flags, "metrics-interval") && flags.metrics_interval.count() > 0) {
    warn("--metrics-interval is without effect: metrics are at --metrics-address");
  }
  if (!shim.missing.empty()) {
    warn(shim.missing + " not installed on system: no container can be started");
  }
}

}  // namespace

Result<int> run_daemon(const Flags& flags) {
  // The original dumps its stacks on SIGUSR1; whoever asks for that must not end us by it.
  sys::ignore_user_signals();
  const Address address = TRY(parse_address(flags.listen));
  std::optional<Listening> listening;
  if (address.kind == Address::Kind::Inherited) {
    listening.emplace(TRY(Listening::open(address)));
  }
  sys::StateDir root = TRY(make_state_root(flags.state_dir));
  TRY(check_apart(address, root));
  const std::string own_socket = root.path_of(state::layout::kSocket);
  if (const std::optional<int> code = TRY(sys::leave_orphans_to_parent())) {
    return *code;
  }
  const Shim shim = choose_shim(flags);
  std::unique_ptr<Serving> serving =
      TRY(Serving::open(std::move(root), settings_of(flags, shim), make_log(flags)));
  say_what_is_different(flags, shim, serving->note());
  if (!listening) {
    listening.emplace(TRY(Listening::open(address)));
  }
  // The command line finds whoever serves a state directory by its socket there, as with `chock
  // serve`.
  const rpc::Listener own_listener = TRY(rpc::Listener::bind(own_socket));
  const rpc::Service service{
      .call =
          [&serving](std::string method, const state::Json& params, Caller caller) {
            return serving->supervisor().call(std::move(method), params, std::move(caller));
          },
      .events = &serving->events()};
  rpc::Server own_server(own_listener, service, serving->note());
  Api api(serving->supervisor(), serving->events(), serving->note(), shim.missing);
  std::unique_ptr<Server> server =
      TRY(Server::start(listening->fd(), api, serving->executor(), serving->note()));
  serving->add_front_end([&server](Latch& stop) { return server->serve(stop); });
  serving->add_front_end([&own_server](Latch& stop) { return own_server.serve(stop); });
  const Result<void> ran = serving->run(own_socket);
  // What the loop has not answered by now is answered by its going; only then does the server let
  // go of its calls.
  server->leave_loop();
  serving.reset();
  server.reset();
  TRY(ran);
  return 0;
}

}  // namespace chock::supervisor::containerd
