// SPDX-License-Identifier: Apache-2.0
// A session: this program's streams, terminal and signals are those of a process in a container,
// from its launch (or from an attach) to its end, or until the user detaches.
#pragma once

#include <optional>
#include <string>

#include "common/state/json.h"
#include "supervisor/cli/detach_keys.h"
#include "supervisor/cli/verb.h"

namespace chock::supervisor::cli {

struct SessionPlan {
  std::string method;  // "start", "exec" or "attach"
  state::Json params;
  std::string id;                         // the container's
  bool streams = true;                    // the process has fifos, for our streams
  bool input = true;                      // our stdin is the process's
  std::optional<DetachKeys> detach_keys;  // none: only for terminals, and then the usual ones
};

// The exit code: the process's status, 0 after detaching, 128+n if signal n came before there was a
// process, or why there is none. What went wrong is one line on stderr.
[[nodiscard]] int hold_session(const GlobalOptions& globals, SessionPlan plan);

// The keys that detach if the user does not choose others.
inline constexpr char kDetachKeys[] = "ctrl-p,ctrl-q";

}  // namespace chock::supervisor::cli
