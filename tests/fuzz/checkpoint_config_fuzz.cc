// SPDX-License-Identifier: Apache-2.0
// A checkpoint's config.json, from any bytes.
#include "common/state/checkpoint_config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chock;
  fuzz::check_stable(
      fuzz::text_of(data, size),
      [](std::string_view text) { return state::parse_checkpoint_config(text, "config.json"); },
      state::format_checkpoint_config);
  return 0;
}
