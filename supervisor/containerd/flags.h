// SPDX-License-Identifier: Apache-2.0
// The command line of containerd 0.2, as Go's flag package reads one: `-flag` and `--flag`,
// `-flag=value` and `-flag value`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace chock::supervisor::containerd {

struct Flags {
  bool debug = false;
  std::string log_level;
  std::string state_dir = "/run/containerd";
  std::chrono::nanoseconds metrics_interval = std::chrono::minutes(5);
  std::string metrics_address;  // ours
  std::string listen = "unix:///run/containerd/containerd.sock";
  std::string runtime = "runc";
  std::vector<std::string> runtime_args;
  std::string shim = "containerd-shim";
  std::string pprof_address;
  std::chrono::nanoseconds start_timeout = std::chrono::seconds(30);
  int64_t retain_count = 500;
  std::string graphite_address;
  bool help = false;
  bool version = false;
  std::vector<std::string> given;  // names of the flags on the command line, in their long form
};

// What follows the program's name. The Error's text is the one line to show.
[[nodiscard]] Result<Flags> parse_flags(const std::vector<std::string>& words);

[[nodiscard]] std::string help_text();

}  // namespace chock::supervisor::containerd
