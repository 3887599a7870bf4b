// SPDX-License-Identifier: Apache-2.0
// Timestamps, from any bytes.
#include "common/state/timestamp.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chock;
  fuzz::check_stable(fuzz::text_of(data, size), state::parse_timestamp, state::format_timestamp);
  if (const auto time = state::parse_timestamp(fuzz::text_of(data, size))) {
    const auto again = state::parse_timestamp(state::format_timestamp(*time));
    fuzz::check(again->tv_sec == time->tv_sec && again->tv_nsec == time->tv_nsec,
                "to the nanosecond");
  }
  return 0;
}
