// SPDX-License-Identifier: Apache-2.0
// state.json, from any bytes.
#include "common/state/container_state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chock;
  fuzz::check_stable(
      fuzz::text_of(data, size),
      [](std::string_view text) { return state::parse_container_state(text); },
      state::format_container_state);
  return 0;
}
