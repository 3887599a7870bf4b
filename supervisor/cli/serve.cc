// SPDX-License-Identifier: Apache-2.0
// `chock serve`: the containers of one state directory, for clients that speak JSON-RPC.
#include <memory>

#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/sys/orphans.h"
#include "common/sys/signals.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/launch_error.h"
#include "supervisor/program_paths.h"
#include "supervisor/rpc/server.h"
#include "supervisor/serving.h"
#include "supervisor/state_root.h"

namespace chock::supervisor::cli {
namespace {

constexpr int64_t kMostStarts = 10000;
constexpr int64_t kMostRetained = 10'000'000;

struct ServeOptions {
  std::string listen;
  int64_t start_timeout = 30;  // seconds
  int64_t concurrent_starts = 10;
  int64_t retain_count = 500;
  std::string log_format = "text";
  std::string log_level = "info";
  std::string metrics_address;
};

Result<sys::StateDir> open_root(const GlobalOptions& globals) {
  return make_state_root(globals.state_dir.empty() ? TRY(default_state_root()) : globals.state_dir);
}

Result<ServingSettings> make_settings(const ServeOptions& options, const GlobalOptions& globals) {
  ServingSettings settings;
  settings.runtime.name = TRY(find_runtime(globals.runtime));
  settings.runtime.global_args = globals.runtime_args;
  settings.shim = TRY(find_shim(globals.shim));
  settings.start_timeout = std::chrono::seconds(options.start_timeout);
  settings.concurrent_starts = static_cast<size_t>(options.concurrent_starts);
  settings.retained_events = static_cast<size_t>(options.retain_count);
  settings.metrics_address = options.metrics_address;
  return settings;
}

Result<std::string> parse_listen(const std::string& listen, const sys::StateDir& root) {
  constexpr std::string_view kScheme = "unix://";
  if (listen.empty()) {
    return root.path_of(state::layout::kSocket);
  }
  if (!listen.starts_with(std::string(kScheme) + "/")) {
    return input_error("parse --listen", listen, "must be unix:///PATH");
  }
  return listen.substr(kScheme.size());
}

// The service manager's socket comes before one of our own, whoever asked for that.
Result<rpc::Listener> make_listener(std::optional<rpc::Listener> inherited,
                                    const std::string& path) {
  return inherited ? Result<rpc::Listener>(*std::move(inherited)) : rpc::Listener::bind(path);
}

Result<int> serve(const ServeOptions& options, const GlobalOptions& globals) {
  // Somebody who asks a daemon for its state that way must not end it by that.
  sys::ignore_user_signals();
  Log log(TRY(parse_format(options.log_format)), TRY(parse_level(options.log_level)));
  ServingSettings settings = TRY(make_settings(options, globals));
  sys::StateDir root = TRY(open_root(globals));
  const std::string path = TRY(parse_listen(options.listen, root));
  std::optional<rpc::Listener> inherited = TRY(rpc::Listener::inherited());
  if (const std::optional<int> code = TRY(sys::leave_orphans_to_parent())) {
    return *code;
  }
  const std::unique_ptr<Serving> serving =
      TRY(Serving::open(std::move(root), std::move(settings), std::move(log)));
  const rpc::Listener listener = TRY(make_listener(std::move(inherited), path));
  const rpc::Service service{.call =
                                 [&](std::string method, const state::Json& params, Caller caller) {
                                   return serving->supervisor().call(std::move(method), params,
                                                                     std::move(caller));
                                 },
                             .events = &serving->events()};
  rpc::Server server(listener, service, serving->note());
  serving->add_front_end([&server](Latch& stop) { return server.serve(stop); });
  TRY(serving->run(listener.path()));
  return 0;
}

Action declare_serve(Options& options) {
  const auto values = std::make_shared<ServeOptions>();
  options.text("--listen", values->listen, "unix://PATH", "Socket (STATE_DIR/chock.sock)");
  options.number("--start-timeout", values->start_timeout, {1, kLongestTimeout}, "SECONDS",
                 "How long a container or an exec may take to start");
  options.number("--concurrent-starts", values->concurrent_starts, {1, kMostStarts}, "N",
                 "Starts at a time; the rest wait");
  options.number("--retain-count", values->retain_count, {0, kMostRetained}, "N",
                 "Events kept at least, of the newest; 0: all");
  options.text("--metrics-address", values->metrics_address, "ADDRESS",
               "Prometheus metrics at unix://PATH or HOST:PORT of this machine (none)");
  options.text("--log-format", values->log_format, "FORMAT", "text or json");
  options.text("--log-level", values->log_level, "LEVEL", "debug, info, warning or error");
  return [values](const GlobalOptions& globals) {
    const Result<int> code = serve(*values, globals);
    if (!code) {
      report_failure(code.error().message());
    }
    return code.value_or(kExitOwnFailure);
  };
}

}  // namespace

const Verb kServe{.name = "serve",
                  .words = "",
                  .summary = "Look after the containers of a state directory",
                  .example = "chock serve --log-format json",
                  .declare = declare_serve};

}  // namespace chock::supervisor::cli
