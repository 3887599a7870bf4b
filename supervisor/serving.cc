// SPDX-License-Identifier: Apache-2.0
#include "supervisor/serving.h"

#include <asio/co_spawn.hpp>

#include "common/sys/open_files.h"

namespace chock::supervisor {
namespace {

std::string describe(const state::EventRecord& event) {
  using Type = state::EventRecord::Type;
  const std::string name = state::name_of(event.type);
  return event.type == Type::Exit ? name + ", status " + std::to_string(event.status) : name;
}

Settings settings_of(ServingSettings settings, Observer observer) {
  return {.life = Settings::Life::Owner,
          .runtime = std::move(settings.runtime),
          .shim = std::move(settings.shim),
          .start_timeout = settings.start_timeout,
          .concurrent_starts = settings.concurrent_starts,
          .observer = std::move(observer)};
}

void rethrow(const std::exception_ptr& failure) {
  if (failure) {
    std::rethrow_exception(failure);  // a mistake of ours: not to be survived
  }
}

}  // namespace

Result<std::unique_ptr<Serving>> Serving::open(sys::StateDir root, ServingSettings settings,
                                               Log log) {
  sys::StateDir supervised = TRY(sys::StateDir::open(root.path()));
  auto own = std::make_unique<const sys::StateDir>(std::move(root));
  RootLock lock = TRY(RootLock::take(*own));
  EventLog events = TRY(EventLog::open(*own, settings.retained_events));
  sys::raise_open_file_limit();
  const std::string metrics_address = settings.metrics_address;
  std::unique_ptr<Serving> serving(new Serving(std::move(own), std::move(supervised),
                                               std::move(lock), std::move(events),
                                               std::move(settings), std::move(log)));
  TRY(serving->open_metrics(metrics_address));
  return serving;
}

Serving::Serving(std::unique_ptr<const sys::StateDir> root, sys::StateDir supervised, RootLock lock,
                 EventLog events, ServingSettings settings, Log log)
    : root_(std::move(root)),
      lock_(std::move(lock)),
      log_(std::move(log)),
      events_(std::move(events)),
      supervisor_(loop_.get_executor(), std::move(supervised),
                  settings_of(std::move(settings), make_observer())) {}

Observer Serving::make_observer() {
  return {.publish = [this](const state::EventRecord& event) { record(event); },
          .note = note_,
          .start_answered = [this](const StartOutcome& outcome) { metrics_.count(outcome); },
          .measured = [this](const Measurement& measurement) { metrics_.count(measurement); },
          .told = [this](const std::string& id, const std::string& process,
                         const timespec& made) { return events_.told(id, process, made); }};
}

Result<void> Serving::open_metrics(const std::string& address) {
  if (address.empty()) {
    return {};
  }
  metrics_endpoint_.emplace(TRY(MetricsEndpoint::listen(address, [this] {
    return metrics_.format(
        {.load = supervisor_.load(), .event_subscribers = events_.subscribers()});
  })));
  add_front_end([this](Latch& stop) { return metrics_endpoint_->serve(stop); });
  return {};
}

// A file that cannot be written is said once, not with every event: subscribers miss nothing, and
// the log makes up for it as soon as it can.
void Serving::record(const state::EventRecord& event) {
  note_({.container = event.id, .process = event.process, .text = describe(event)});
  metrics_.count(event);
  const Result<void> written = events_.append(event);
  if (!written && recorded_) {
    note_({.level = Note::Level::Warning, .text = written.error().message() + ", continuing"});
  } else if (written && !recorded_) {
    note_({.text = "the event log is complete again"});
  }
  recorded_ = written.has_value();
}

Result<void> Serving::adopt() {
  if (events_.skipped() > 0) {
    note_({.level = Note::Level::Warning,
           .text = "the event log had " + std::to_string(events_.skipped()) +
                   " lines that are no records, continuing without them"});
  }
  const Supervisor::Adopted adopted = TRY(supervisor_.adopt());
  note_({.text = "serving " + root_->path() + ": " + std::to_string(adopted.containers) +
                 " containers adopted, " + std::to_string(adopted.broken) + " left alone"});
  return {};
}

Result<void> Serving::run(const std::string& socket) {
  const sys::SignalFd signals = TRY(sys::SignalFd::make(blocked_));
  // Not before: whoever finds a live daemon's socket gives up without a trace in its files.
  events_.take_over();
  TRY(adopt());
  TRY(lock_.announce(socket));
  asio::co_spawn(loop_, run_front_ends(), rethrow);
  asio::co_spawn(loop_, await_signals(signals), rethrow);
  service_manager_.notify("READY=1");
  loop_.run();
  return {};
}

Awaitable<void> Serving::run_front_ends() {
  Latch done;
  size_t left = front_ends_.size();
  for (const FrontEnd& front_end : front_ends_) {
    asio::co_spawn(loop_, front_end(stop_), [&](const std::exception_ptr& failure) {
      rethrow(failure);
      if (--left == 0) {
        done.set();
      }
    });
  }
  co_await done.wait();
  loop_.stop();
}

Awaitable<void> Serving::await_signals(const sys::SignalFd& signals) {
  while (true) {
    co_await readable(signals.fd());
    if (!signals.take_next()) {
      continue;
    }
    if (stop_.is_set()) {
      break;
    }
    note_({.text = "stopping; the containers go on"});
    service_manager_.notify("STOPPING=1");
    stop_.set();
  }
  loop_.stop();
}

}  // namespace chock::supervisor
