// SPDX-License-Identifier: Apache-2.0
// chock-containerd: containerd 0.2's daemon on chock's supervisor.
#include <stdio.h>

#include "common/sys/command.h"
#include "common/sys/signals.h"
#include "supervisor/containerd/daemon.h"
#include "supervisor/containerd/version.h"

namespace {

using namespace chock::supervisor::containerd;

int fail(const chock::Error& error) {
  static_cast<void>(::fprintf(stderr, "chock-containerd: %s\n", error.message().c_str()));
  return 1;
}

int print(const std::string& text) {
  return ::fputs(text.c_str(), stdout) >= 0 && ::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  chock::sys::reset_dispositions();
  chock::sys::close_on_exec_all();
  const chock::Result<Flags> flags = parse_flags({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (!flags) {
    return fail(flags.error());
  }
  if (flags->help) {
    return print(help_text());
  }
  if (flags->version) {
    return print(std::string("containerd version ") + kVersionText + " commit: " + kRevision +
                 "\n");
  }
  const chock::Result<int> code = run_daemon(*flags);
  return code ? *code : fail(code.error());
}
