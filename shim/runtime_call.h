// SPDX-License-Identifier: Apache-2.0
// RuntimeCall runs the OCI runtime for a shim, one invocation at a time, and reads what it leaves
// behind: its log and the number of the process it has made.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/capture.h"
#include "common/sys/command.h"
#include "common/sys/pidfd.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"
#include "shim/job.h"

namespace chock::shim {

// What the runtime is given besides its arguments.
struct RuntimeSurroundings {
  sys::UniqueFd null;         // /dev/null
  std::string oom_score_adj;  // ours is not to be inherited
};

class RuntimeCall {
 public:
  // `job` and `dir` must outlive this object.
  RuntimeCall(const Job& job, const sys::StateDir& dir, RuntimeSurroundings surroundings);

  // Starts `create`, `exec` or `restore`. `stdio` becomes the process's, and /dev/null if nothing
  // is given: then its stdio is the terminal that arrives at `console_socket`.
  using Stdio = std::array<int, 3>;
  [[nodiscard]] Result<void> launch(const std::optional<Stdio>& stdio,
                                    const std::string& console_socket);
  [[nodiscard]] Result<void> kill_all();
  [[nodiscard]] Result<void> remove();
  [[nodiscard]] Result<void> resume();
  [[nodiscard]] Result<void> query_state();

  // Whether there is an invocation that nobody has waited for yet.
  [[nodiscard]] bool running() const { return process_.has_value(); }
  [[nodiscard]] bool is(pid_t pid) const { return process_ && process_->pid() == pid; }
  // Waits for it, and for it alone, without blocking; nothing while it runs.
  [[nodiscard]] std::optional<sys::ExitStatus> reap();
  // Somebody else has waited for it, or its zombie may wait.
  void forget() { process_.reset(); }
  void stop();  // by SIGKILL

  // Whether `launch` has ever got as far as running the program.
  [[nodiscard]] bool launched() const { return launched_.has_value(); }
  // Whether the program has announced a process.
  [[nodiscard]] bool announced() const;
  // Whether query_state(), which has ended like this, leaves open that the id is another
  // container's.
  [[nodiscard]] bool may_be_foreign(const sys::ExitStatus& status) const;
  // What the successful launch has made.
  [[nodiscard]] Result<sys::Pidfd> open_launched() const;
  // The first error in the runtime's own log.
  [[nodiscard]] std::optional<std::string> logged_error() const;
  // The end of what a launch on a terminal has written to stderr, which is nobody else's then.
  [[nodiscard]] std::string last_words() const;

 private:
  [[nodiscard]] sys::Command command(runtime::Arguments arguments) const;
  [[nodiscard]] Result<void> run(const sys::Command& command);

  const Job& job_;
  const sys::StateDir& dir_;
  RuntimeSurroundings surroundings_;
  std::optional<sys::Pidfd> process_;
  std::optional<timespec> launched_;  // when
  std::optional<sys::Capture> errors_;
  std::optional<sys::Capture> answer_;
};

}  // namespace chock::shim
