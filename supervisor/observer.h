// SPDX-License-Identifier: Apache-2.0
// What the supervisor tells of its own accord: events, and notes for the log.
#pragma once

#include <time.h>

#include <chrono>
#include <functional>
#include <string>

#include "common/state/event_record.h"

namespace chock::supervisor {

// A line of the log, made where the supervisor decides something.
struct Note {
  enum class Level { Debug, Info, Warning, Error };
  Level level = Level::Info;
  std::string container;  // empty: of none
  std::string process;
  std::string text;
};

// How a start, a restore or an exec went, from the request to the answer.
struct StartOutcome {
  enum class Kind { Container, Exec };
  Kind kind = Kind::Container;
  bool started = false;
  std::chrono::nanoseconds took{};
};

// How long a piece of work took that went well.
struct Measurement {
  enum class Of {
    ContainerExit,  // from the end of the init's shim to the event
    ExecExit,       // the same of an exec
    Delete,         // of what the runtime knows of a container that has ended
    Stats
  };
  Of of = Of::ContainerExit;
  std::chrono::nanoseconds took{};
};

// What has been published of one life of a process.
enum class Told {
  Nothing,
  Start,
  Exit,
  Unknown  // nobody has kept it
};

// All are called from the loop and must not block; an empty one is not called.
struct Observer {
  // In order, per container: start-container, then start-process, oom and exits, the init's last.
  std::function<void(const state::EventRecord&)> publish;
  std::function<void(const Note&)> note;
  std::function<void(const StartOutcome&)> start_answered;
  std::function<void(const Measurement&)> measured;
  // Of a process that was made at `made` and is now adopted: what was published by whoever served
  // this root before us and was killed between two steps. Empty: Told::Unknown.
  std::function<Told(const std::string& id, const std::string& process, const timespec& made)> told;
};

}  // namespace chock::supervisor
