// SPDX-License-Identifier: Apache-2.0
// The part of Shim that makes the process exist: stdio is opened, the runtime run, the terminal
// received. The rest is in shim.cc.
#include <unistd.h>

#include "common/sys/proc.h"
#include "shim/shim.h"

namespace chock::shim {
namespace {

constexpr std::chrono::milliseconds kGlance{20};

}  // namespace

// --- Opening

Result<void> Shim::open_stdio() {
  signal_watch_ = TRY(loop_.watch(fixtures_.signals.fd(), EPOLLIN, sys::Order::Process,
                                  [this](uint32_t) { on_signals(); }));
  TRY(control_.start(loop_));
  const state::ProcessState& process = job_.process;
  const StdioPaths paths{.in = process.stdin_path,
                         .out = process.stdout_path,
                         .err = process.stderr_path,
                         .terminal = job_.terminal()};
  opening_ = TRY(StdioOpening::begin(paths, fixtures_.exit_writer));
  if (!opening_->waiting()) {
    return {};
  }
  if (opening_->notice_fd() >= 0) {
    opening_watch_ = TRY(loop_.watch(opening_->notice_fd(), EPOLLIN, sys::Order::Control,
                                     [this](uint32_t) { look_for_readers(); }));
  }
  set_deadline(StdioOpening::kBudget);
  look_for_readers();  // one may have come before we were told of it
  return {};
}

void Shim::look_for_readers() {
  if (const Result<void> looked = opening_->look_again(); !looked) {
    fail(looked.error());
  } else if (!opening_->waiting()) {
    post(Event::StdioOpened);
  } else if (opening_->notice_fd() < 0) {
    look_later();
  }
}

// The only thing that is ever looked at by the clock, and for 15 s at most.
void Shim::look_later() {
  if (const Result<void> set = glance_.set(kGlance); !set) {
    fail(set.error());
  }
}

// --- Launching

Result<void> Shim::launch() {
  opening_watch_.reset();
  streams_.take_client(opening_->take_stdio());
  opening_.reset();
  exit_files_.emplace(TRY(ExitFiles::reserve(dir_)));
  TRY(streams_.reserve_tails(dir_));
  if (job_.terminal()) {
    TRY(await_console());
  } else {
    process_ends_ = TRY(streams_.connect_pipes(job_.process.root_uid, job_.process.root_gid));
  }
  return spawn_runtime();
}

Result<void> Shim::await_console() {
  if (const auto& size = job_.process.process.console_size) {
    streams_.resize({.type = state::ControlMessage::Type::Resize,
                     .width = static_cast<uint16_t>(size->width),
                     .height = static_cast<uint16_t>(size->height)});
  }
  console_.emplace(TRY(ConsoleSocket::make()),
                   [this](Result<sys::UniqueFd> master) { on_console(std::move(master)); });
  return console_->start(loop_);
}

Result<void> Shim::spawn_runtime() {
  std::optional<RuntimeCall::Stdio> stdio;
  if (!job_.terminal()) {
    stdio = {process_ends_[0].get(), process_ends_[1].get(), process_ends_[2].get()};
  }
  TRY(runtime_.launch(stdio, console_ ? console_->path() : std::string()));
  process_ends_ = {};  // the runtime has them; ours would keep the output from ending
  return {};
}

void Shim::on_console(Result<sys::UniqueFd> master) {
  const Result<void> connected = master ? streams_.connect_terminal(*std::move(master))
                                        : std::unexpected(std::move(master).error());
  if (!connected) {
    abort_launch(connected.error());
    return;
  }
  facts_.console_missing = false;
  post(Event::ConsoleArrived);
}

void Shim::on_runtime_exit(const sys::ExitStatus& status) {
  if (exit_code_ == kFailure) {
    adopt_unannounced();
    post(Event::Failed);  // given up before, see abort_launch
    return;
  }
  if (!status.success()) {
    adopt_unannounced();
    log_runtime_failure(status);
    post(Event::RuntimeFailed);
    return;
  }
  Result<sys::Pidfd> process = runtime_.open_launched();
  if (!process) {
    fail(process.error());
    return;
  }
  if (traits_.remove) {
    start_gate_ = StartGate::find(process->pid());
  }
  adopt(*std::move(process));
  post(Event::RuntimeSucceeded);
}

void Shim::adopt(sys::Pidfd process) {
  process_.emplace(loop_, std::move(process),
                   [this](const sys::Reaped& ended) { on_process_exit(ended); });
}

// A runtime that failed, or was killed, may have made the process all the same; then it is to be
// ended with the launch. Only one of our own children: half a number would name a stranger.
void Shim::adopt_unannounced() {
  Result<sys::Pidfd> process = runtime_.open_launched();
  const Result<std::optional<sys::ProcessStat>> stat =
      process ? sys::read_process_stat(process->pid()) : std::unexpected(process.error());
  if (stat && *stat && (*stat)->parent == ::getpid()) {
    adopt(*std::move(process));
  }
}

// For people only: supervisors read the runtime's own log, and take a shim that has logged no error
// and ended with 0 as the sign to do so.
void Shim::log_runtime_failure(const sys::ExitStatus& status) {
  const std::string how = status.signalled() ? "signal " + std::to_string(status.signal())
                                             : "exit status " + std::to_string(status.code());
  log_.write({.level = "warn",
              .message = job_.runtime.name + " " + job_.step() + ": " + how,
              .step = job_.step(),
              .runtime_log = runtime_.logged_error().value_or(runtime_.last_words())});
}

}  // namespace chock::shim
