// SPDX-License-Identifier: Apache-2.0
#include "shim/lifecycle.h"

namespace chock::shim {
namespace {

Phase after_drain(const Traits& traits) {
  return traits.remove ? Phase::AwaitingStart : Phase::Ended;
}

Phase after_kill(const Traits& traits, const Facts& facts) {
  return facts.drained ? after_drain(traits) : Phase::Draining;
}

Phase after_exit(const Traits& traits, const Facts& facts) {
  return traits.kill_all ? Phase::Killing : after_kill(traits, facts);
}

Phase after_failure(const Traits& traits) { return traits.undo ? Phase::Undoing : Phase::Ended; }

Phase while_launching(Event event, const Traits& traits, const Facts& facts) {
  switch (event) {
    case Event::RuntimeSucceeded:
      return facts.console_missing ? Phase::AwaitingConsole : Phase::Running;
    case Event::RuntimeFailed:
    case Event::Failed:
      return after_failure(traits);
    case Event::StdioOpened:
    case Event::ConsoleArrived:
    case Event::ProcessExited:
    case Event::Drained:
    case Event::StartFinished:
    case Event::CallFinished:
      return Phase::Launching;
  }
  __builtin_unreachable();
}

Phase while_awaiting_console(Event event, const Traits& traits) {
  switch (event) {
    case Event::ConsoleArrived:
      return Phase::Running;
    case Event::Failed:
    case Event::ProcessExited:
      return after_failure(traits);
    case Event::StdioOpened:
    case Event::RuntimeSucceeded:
    case Event::RuntimeFailed:
    case Event::Drained:
    case Event::StartFinished:
    case Event::CallFinished:
      return Phase::AwaitingConsole;
  }
  __builtin_unreachable();
}

// The phases that one event ends.
Phase advance_on(Event awaited, Event event, Phase phase, Phase next) {
  return event == awaited ? next : phase;
}

}  // namespace

Phase next_phase(Phase phase, Event event, const Traits& traits, const Facts& facts) {
  switch (phase) {
    case Phase::Opening:
      // Nothing was made yet, so there is nothing to undo.
      return event == Event::Failed
                 ? Phase::Ended
                 : advance_on(Event::StdioOpened, event, phase, Phase::Launching);
    case Phase::Launching:
      return while_launching(event, traits, facts);
    case Phase::AwaitingConsole:
      return while_awaiting_console(event, traits);
    case Phase::Running:
      // It can fail only in the moment before anybody has been told of the process.
      return event == Event::Failed
                 ? after_failure(traits)
                 : advance_on(Event::ProcessExited, event, phase, after_exit(traits, facts));
    case Phase::Killing:
      return advance_on(Event::CallFinished, event, phase, after_kill(traits, facts));
    case Phase::Draining:
      return advance_on(Event::Drained, event, phase, after_drain(traits));
    case Phase::AwaitingStart:
      return advance_on(Event::StartFinished, event, phase, Phase::Deleting);
    case Phase::Deleting:
    case Phase::Undoing:
      return advance_on(Event::CallFinished, event, phase, Phase::Ended);
    case Phase::Ended:
      return Phase::Ended;
  }
  __builtin_unreachable();
}

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::Opening:
      return "opening";
    case Phase::Launching:
      return "launching";
    case Phase::AwaitingConsole:
      return "awaiting console";
    case Phase::Running:
      return "running";
    case Phase::Killing:
      return "killing";
    case Phase::Draining:
      return "draining";
    case Phase::AwaitingStart:
      return "awaiting start";
    case Phase::Deleting:
      return "deleting";
    case Phase::Undoing:
      return "undoing";
    case Phase::Ended:
      return "ended";
  }
  __builtin_unreachable();
}

}  // namespace chock::shim
