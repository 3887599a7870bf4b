// SPDX-License-Identifier: Apache-2.0
// events.log: any bytes.
#include "common/state/event_record.h"
#include "tests/fuzz/fuzz.h"

namespace {

std::string format_all(const std::vector<chock::state::EventRecord>& records) {
  std::string text;
  for (const auto& record : records) {
    text += format_event_record(record);
  }
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using chock::fuzz::check;
  using chock::state::parse_event_lines;
  const std::string_view text = chock::fuzz::text_of(data, size);
  const auto lines = parse_event_lines(text);
  check(lines.length <= size, "what is good is part of it");
  check(parse_event_lines(text.substr(0, lines.length)).records.size() == lines.records.size(),
        "cutting the tail loses no record");
  const std::string written = format_all(lines.records);
  const auto again = parse_event_lines(written);
  check(again.skipped == 0 && again.length == written.size(), "what was written can be read");
  check(format_all(again.records) == written, "writing is stable");
  return 0;
}
