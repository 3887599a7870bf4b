// SPDX-License-Identifier: Apache-2.0
#include "shim/lifecycle.h"

#include <array>
#include <set>
#include <string>

#include "tests/unit/support.h"

namespace chock::shim {
namespace {

constexpr std::array kPhases{
    Phase::Opening,  Phase::Launching,     Phase::AwaitingConsole, Phase::Running, Phase::Killing,
    Phase::Draining, Phase::AwaitingStart, Phase::Deleting,        Phase::Undoing, Phase::Ended};
constexpr std::array kEvents{Event::StdioOpened,    Event::RuntimeSucceeded, Event::RuntimeFailed,
                             Event::ConsoleArrived, Event::ProcessExited,    Event::Drained,
                             Event::StartFinished,  Event::CallFinished,     Event::Failed};

// Everything that a shim may be and know.
struct Situation {
  Traits traits;
  Facts facts;
};

std::vector<Situation> all_situations() {
  std::vector<Situation> all;
  for (unsigned bits = 0; bits < 32; ++bits) {
    const auto bit = [bits](unsigned n) { return ((bits >> n) & 1U) != 0; };
    all.push_back({{.kill_all = bit(0), .remove = bit(1), .undo = bit(2)},
                   {.console_missing = bit(3), .drained = bit(4)}});
  }
  return all;
}

// The table of docs/architecture.md, with its "the first that applies" spelt out.
struct Row {
  Phase phase;
  Event event;
  Phase (*next)(const Situation&);
};

Phase undoing(const Situation& s) { return s.traits.undo ? Phase::Undoing : Phase::Ended; }
Phase drained(const Situation& s) { return s.traits.remove ? Phase::AwaitingStart : Phase::Ended; }
Phase draining(const Situation& s) { return s.facts.drained ? drained(s) : Phase::Draining; }
Phase killing(const Situation& s) { return s.traits.kill_all ? Phase::Killing : draining(s); }
Phase launched(const Situation& s) {
  return s.facts.console_missing ? Phase::AwaitingConsole : Phase::Running;
}
template <Phase kPhase>
Phase always(const Situation&) {
  return kPhase;
}

constexpr std::array kTable{
    Row{Phase::Opening, Event::StdioOpened, always<Phase::Launching>},
    Row{Phase::Opening, Event::Failed, always<Phase::Ended>},
    Row{Phase::Launching, Event::RuntimeSucceeded, launched},
    Row{Phase::Launching, Event::RuntimeFailed, undoing},
    Row{Phase::Launching, Event::Failed, undoing},
    Row{Phase::AwaitingConsole, Event::ConsoleArrived, always<Phase::Running>},
    Row{Phase::AwaitingConsole, Event::ProcessExited, undoing},
    Row{Phase::AwaitingConsole, Event::Failed, undoing},
    Row{Phase::Running, Event::ProcessExited, killing},
    Row{Phase::Running, Event::Failed, undoing},
    Row{Phase::Killing, Event::CallFinished, draining},
    Row{Phase::Draining, Event::Drained, drained},
    Row{Phase::AwaitingStart, Event::StartFinished, always<Phase::Deleting>},
    Row{Phase::Deleting, Event::CallFinished, always<Phase::Ended>},
    Row{Phase::Undoing, Event::CallFinished, always<Phase::Ended>},
};

Phase expected(Phase phase, Event event, const Situation& situation) {
  for (const Row& row : kTable) {
    if (row.phase == phase && row.event == event) {
      return row.next(situation);
    }
  }
  return phase;  // what is not in the table changes nothing
}

TEST(lifecycle, every_pair_in_every_situation) {
  for (const Situation& situation : all_situations()) {
    for (const Phase phase : kPhases) {
      for (const Event event : kEvents) {
        EXPECT_EQ(next_phase(phase, event, situation.traits, situation.facts),
                  expected(phase, event, situation))
            << name_of(phase) << ", event " << static_cast<int>(event);
      }
    }
  }
}

// All that can follow a phase, however long it takes.
std::set<Phase> reachable(Phase from, const Situation& situation) {
  std::set<Phase> seen{from};
  for (size_t before = 0; before != seen.size();) {
    before = seen.size();
    for (const Phase phase : std::set<Phase>(seen)) {
      for (const Event event : kEvents) {
        seen.insert(next_phase(phase, event, situation.traits, situation.facts));
      }
    }
  }
  return seen;
}

TEST(lifecycle, every_phase_can_end_and_the_end_is_final) {
  for (const Situation& situation : all_situations()) {
    for (const Phase phase : kPhases) {
      EXPECT_TRUE(reachable(phase, situation).contains(Phase::Ended)) << name_of(phase);
    }
    EXPECT_EQ(reachable(Phase::Ended, situation), std::set<Phase>{Phase::Ended});
  }
}

// Only for those that have to: an exec must never delete its container.
TEST(lifecycle, runtime_calls_are_made_only_where_they_are_due) {
  for (const Situation& situation : all_situations()) {
    const std::set<Phase> phases = reachable(Phase::Opening, situation);
    EXPECT_EQ(phases.contains(Phase::Killing), situation.traits.kill_all);
    EXPECT_EQ(phases.contains(Phase::Deleting), situation.traits.remove);
    EXPECT_EQ(phases.contains(Phase::Undoing), situation.traits.undo);
  }
}

// What has been running is not launched again, nor undone by what happens after its end.
TEST(lifecycle, there_is_no_way_back) {
  for (const Situation& situation : all_situations()) {
    for (const Phase phase : {Phase::Killing, Phase::Draining, Phase::Deleting}) {
      const std::set<Phase> after = reachable(phase, situation);
      for (const Phase earlier : {Phase::Opening, Phase::Launching, Phase::Running,
                                  Phase::AwaitingConsole, Phase::Undoing}) {
        EXPECT_FALSE(after.contains(earlier)) << name_of(phase) << " to " << name_of(earlier);
      }
    }
  }
}

TEST(lifecycle, every_phase_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (const Phase phase : kPhases) {
    names.insert(name_of(phase));
  }
  EXPECT_EQ(names.size(), kPhases.size());
}

}  // namespace
}  // namespace chock::shim
