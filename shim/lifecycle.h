// SPDX-License-Identifier: Apache-2.0
// The life of a shim as a pure function: which phase follows when something happens. What a phase
// does is in shim.cc and shim_launch.cc; the table of all pairs is in docs/architecture.md and its
// test.
#pragma once

namespace chock::shim {

enum class Phase {
  Opening,          // waiting for readers of the client's fifos
  Launching,        // the runtime creates the process
  AwaitingConsole,  // the runtime is done, its terminal has not arrived yet
  Running,          // the process exists and `pid` says so
  Killing,          // init has ended: `kill --all` runs, output is still carried
  Draining,         // waiting for the end of the output
  AwaitingStart,    // somebody's `start` has let the process go on and is not finished yet
  Deleting,         // `delete` runs
  Undoing,          // the launch failed: `delete` takes away what it made
  Ended,
};

enum class Event {
  StdioOpened,
  RuntimeSucceeded,
  RuntimeFailed,  // the runtime refused or was killed; it has said why in its own log
  ConsoleArrived,
  ProcessExited,
  Drained,        // every output stream has ended and is delivered, or given up
  StartFinished,  // no `start` is under way, or it takes too long
  CallFinished,   // `kill --all` or `delete` is over, whatever its result
  Failed,         // an error of our own, logged by whoever reports it
};

// What is so for the whole life of one shim.
struct Traits {
  bool kill_all = false;  // init of a shared pid namespace: survivors must be killed
  bool remove = false;    // `delete` is ours to run at the end
  bool undo = false;      // `delete` is ours to run if the launch fails
};

// What changes, and matters for where to go.
struct Facts {
  bool console_missing = false;  // a terminal is wanted and has not arrived
  bool drained = false;
};

// The phase after `event`; the same one where the event does not matter.
[[nodiscard]] Phase next_phase(Phase phase, Event event, const Traits& traits, const Facts& facts);

// For logs and tests.
[[nodiscard]] const char* name_of(Phase phase);

}  // namespace chock::shim
