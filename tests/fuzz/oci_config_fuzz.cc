// SPDX-License-Identifier: Apache-2.0
// A bundle's config.json, from any bytes.
#include "common/state/oci_config.h"
#include "common/state/process_state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chock;
  const std::string_view text = fuzz::text_of(data, size);
  const auto config = state::parse_oci_config(text, "config.json");
  const bool private_pid_namespace = state::has_private_pid_namespace(text);
  if (!config) {
    fuzz::check(!config.error().message().empty(), "an error says something");
    return 0;
  }
  fuzz::check(private_pid_namespace == config->private_pid_namespace, "both readers agree");
  // The process goes into process.json as it is.
  const auto written = state::format_process_state({.process = config->process});
  const auto again = state::parse_process_state(written);
  fuzz::check(again.has_value(), "the process can be read as process.json");
  fuzz::check(state::format_process_state(*again) == written, "and is the same");
  return 0;
}
