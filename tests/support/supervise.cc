// SPDX-License-Identifier: Apache-2.0
// A Supervisor without a front end, for tests: `supervise owner|adopt|oneshot STATE_DIR SHIM
// RUNTIME [ARG...]`.
//
// One JSON object a line. In: {"call": N, "method": "...", "params": {...}}, or {"gone": N}, which
// makes the caller of N lose interest, or {"failpoint": "..."}, see failpoint.cc. Its event log is
// in $SUPERVISE_LOG_DIR. Out: {"call": N, "answer": ...} or {"call": N, "error":
// "...", "detail": "...", "code": n}, {"prepared": N}, {"event": ...}, {"note": ...}, and
// {"adopted": ...} first, if it was told to adopt. The end of stdin ends it, and leaves the
// containers alone.
#include <stdlib.h>

#include <map>
#include <memory>
#include <string>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/state/json.h"
#include "common/sys/command.h"
#include "common/sys/open_files.h"
#include "common/sys/orphans.h"
#include "common/sys/pipe.h"
#include "common/sys/signals.h"
#include "common/sys/unique_fd.h"
#include "supervisor/event_log.h"
#include "supervisor/state_root.h"
#include "supervisor/supervisor.h"
#include "supervisor/task_json.h"

namespace {

using namespace chock;
using state::Json;

void say(const Json& line) {
  static_cast<void>(sys::write_all(1, state::format_json(line) + "\n", "stdout"));
}

// An owner keeps the log as a server does: on record at once, and to subscribers by way of the
// loop.
supervisor::Observer make_observer(asio::io_context& loop, supervisor::EventLog* log) {
  supervisor::Observer observer;
  observer.note = [](const supervisor::Note& note) {
    say({{"note", note.text}, {"id", note.container}, {"process", note.process}});
  };
  if (log == nullptr) {
    return observer;
  }
  observer.publish = [&loop, log](const state::EventRecord& event) {
    static_cast<void>(log->append(event));
    asio::post(loop, [event] {
      say({{"event", state::name_of(event.type)},
           {"id", event.id},
           {"process", event.process},
           {"status", event.status}});
    });
  };
  observer.told = [log](const std::string& id, const std::string& process, const timespec& made) {
    return log->told(id, process, made);
  };
  return observer;
}

// What "gone" sets, by the number of the call; the loop's coroutines refer to them until they are
// destroyed.
using Callers = std::map<int, std::unique_ptr<supervisor::Latch>>;

class Session {
 public:
  Session(asio::io_context& loop, supervisor::Supervisor& supervisor, Callers& gone)
      : loop_(loop), supervisor_(supervisor), gone_(gone) {}

  supervisor::Awaitable<void> serve() {
    std::string buffer;
    while (co_await read_into(buffer)) {
      for (size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
        take(buffer.substr(0, end));
        buffer.erase(0, end + 1);
      }
    }
    loop_.stop();
  }

 private:
  static supervisor::Awaitable<bool> read_into(std::string& buffer) {
    co_await supervisor::readable(0);
    char bytes[4096];
    const auto got = sys::read_some(0, bytes, sizeof bytes, "stdin");
    if (got && got->kind == sys::ReadResult::Kind::Bytes) {
      buffer.append(bytes, got->bytes);
    }
    co_return got && got->kind != sys::ReadResult::Kind::End;
  }

  void take(const std::string& text) {
    const Result<Json> line = state::parse_json(text, "stdin");
    if (!line) {
      say({{"error", line.error().message()}});
      return;
    }
    if (line->contains("failpoint")) {
      ::setenv("CHOCK_FAILPOINT", (*line)["failpoint"].get<std::string>().c_str(), 1);
      return;
    }
    if (line->contains("gone")) {
      gone_[(*line)["gone"].get<int>()]->set();
      return;
    }
    const int number = (*line)["call"].get<int>();
    gone_[number] = std::make_unique<supervisor::Latch>();
    asio::co_spawn(loop_, answer(number, (*line)["method"].get<std::string>(), (*line)["params"]),
                   asio::detached);
  }

  supervisor::Awaitable<void> answer(int number, std::string method, Json params) {
    supervisor::Caller caller{.gone = gone_[number].get()};
    caller.prepared = [number](const supervisor::StartAnswer& prepared) {
      say({{"prepared", number}, {"answer", supervisor::format_answer(prepared)}});
    };
    const Result<Json> result =
        co_await supervisor_.call(std::move(method), std::move(params), std::move(caller));
    if (result) {
      say({{"call", number}, {"answer", *result}});
    } else {
      say({{"call", number},
           {"error", result.error().message()},
           {"detail", result.error().detail},
           {"code", result.error().code}});
    }
  }

  asio::io_context& loop_;
  supervisor::Supervisor& supervisor_;
  Callers& gone_;
};

int run(const std::string& life, sys::StateDir root, supervisor::Settings settings) {
  const char* log_path = ::getenv("SUPERVISE_LOG_DIR");
  const Result<sys::StateDir> log_dir = sys::StateDir::open(log_path != nullptr ? log_path : "");
  std::optional<supervisor::EventLog> log;
  if (life != "oneshot") {  // only one may have it open
    Result<supervisor::EventLog> opened =
        log_dir ? supervisor::EventLog::open(*log_dir, 0) : std::unexpected(log_dir.error());
    if (!opened) {
      return 1;
    }
    log.emplace(*std::move(opened));
    log->take_over();
  }
  Callers gone;
  asio::io_context loop(1);
  settings.observer = make_observer(loop, log ? &*log : nullptr);
  supervisor::Supervisor supervisor(loop.get_executor(), std::move(root), std::move(settings));
  if (life == "adopt") {
    const auto adopted = supervisor.adopt();
    say(adopted ? Json{{"adopted", adopted->containers}, {"broken", adopted->broken}}
                : Json{{"error", adopted.error().message()}});
  }
  Session session(loop, supervisor, gone);
  asio::co_spawn(loop, session.serve(), asio::detached);
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  sys::reset_dispositions();
  sys::close_on_exec_all();
  sys::raise_open_file_limit();
  const std::vector<std::string> words(argv, argv + argc);
  constexpr size_t kLeast = 5;
  const Result<std::optional<int>> inherited = sys::leave_orphans_to_parent();
  if (!inherited || *inherited) {
    return inherited ? **inherited : 1;
  }
  if (words.size() < kLeast || !sys::set_nonblocking(0)) {
    return 2;
  }
  Result<sys::StateDir> root = supervisor::make_state_root(words[2]);
  if (!root) {
    return 1;
  }
  using Life = supervisor::Settings::Life;
  supervisor::Settings settings{
      .life = words[1] == "oneshot" ? Life::OneShot : Life::Owner,
      .runtime = {.name = words[4], .global_args = {words.begin() + kLeast, words.end()}},
      .shim = words[3]};
  return run(words[1], *std::move(root), std::move(settings));
}
