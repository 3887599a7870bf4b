// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/verb.h"

#include <algorithm>
#include <array>

#include "supervisor/cli/verbs.h"

namespace chock::supervisor::cli {
namespace {

constexpr std::array kVerbs{
    &kRun,
    &kStart,
    &kExec,
    &kAttach,
    &kKill,
    &kWait,
    &kState,
    &kList,
    &kPs,
    &kStats,
    &kEvents,
    &kPause,
    &kResume,
    &kUpdate,
    &kResize,
    &kCloseStdin,
    &kDelete,
    &kCheckpointCreate,
    &kCheckpointList,
    &kCheckpointDelete,
    &kRestore,
    &kServe,
};

// How many keys it takes to get from one word to the other: a letter too many, too few, another
// one, or two neighbours exchanged (Damerau's distance, without repeated edits).
size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::vector<size_t>> cost(from.size() + 1, std::vector<size_t>(to.size() + 1));
  for (size_t i = 0; i <= from.size(); ++i) {
    for (size_t j = 0; j <= to.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const size_t replaced = cost[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[from.size()][to.size()];
}

}  // namespace

std::span<const Verb* const> verbs() { return kVerbs; }

std::vector<std::string_view> verbs_below(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Verb* verb : verbs()) {
    if (verb->name.starts_with(std::string(word) + " ")) {
      names.push_back(verb->name);
    }
  }
  return names;
}

std::string_view nearest_verb(std::string_view word) {
  constexpr size_t kLongest = 64;  // bounds the work on a word that no verb resembles
  if (word.size() > kLongest) {
    return {};
  }
  std::string_view nearest;
  size_t least = 3;  // two slips at most
  for (const Verb* verb : verbs()) {
    const size_t slips = distance(word, verb->name);
    if (slips < least && slips < verb->name.size()) {
      least = slips;
      nearest = verb->name;
    }
  }
  return nearest;
}

}  // namespace chock::supervisor::cli
