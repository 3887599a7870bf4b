// SPDX-License-Identifier: Apache-2.0
// Metrics are what a server counts, in the text format of Prometheus. docs/metrics.md lists them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "common/state/event_record.h"
#include "supervisor/observer.h"
#include "supervisor/supervisor.h"

namespace chock::supervisor {

class Metrics {
 public:
  void count(const state::EventRecord& event);
  void count(const StartOutcome& outcome);
  void count(const Measurement& measurement);

  // What others know at the time of asking.
  struct Present {
    Supervisor::Load load;
    size_t event_subscribers = 0;
  };
  // All of it, this process's own figures included.
  [[nodiscard]] std::string format(const Present& present) const;

  // Upper bounds, in seconds: from the quickest start to the default timeout of one. Nothing else
  // that is measured is much quicker, as all of it runs the runtime; an exec's exit apart.
  static constexpr std::array kBuckets{0.005, 0.01, 0.025, 0.05, 0.1,  0.25,
                                       0.5,   1.0,  2.5,   5.0,  10.0, 30.0};
  struct Durations {
    void add(std::chrono::nanoseconds took);

    uint64_t count = 0;
    std::array<uint64_t, kBuckets.size()> in_bucket{};  // each in the lowest that fits
    std::chrono::nanoseconds total{};
  };
  // Of containers, or of execs.
  struct Counts {
    uint64_t failed = 0;
    uint64_t exits = 0;
    Durations starts;  // those that succeeded
    Durations ends;
  };

 private:
  Counts containers_;
  Counts execs_;
  Durations deletes_;
  Durations stats_;
  uint64_t ooms_ = 0;
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
};

}  // namespace chock::supervisor
