// SPDX-License-Identifier: Apache-2.0
// shim-log.json and log.json: any bytes.
#include "common/state/json.h"
#include "common/state/log_record.h"
#include "tests/fuzz/fuzz.h"

namespace {

std::string format_all(const std::vector<chock::state::LogRecord>& log) {
  std::string text;
  for (const auto& record : log) {
    text += format_log_record(record);
  }
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using chock::fuzz::check;
  using chock::state::parse_log;
  const std::string_view text = chock::fuzz::text_of(data, size);
  const auto log = parse_log(text);
  const std::string written = format_all(log);
  check(format_all(parse_log(written)) == written, "writing is stable");
  // What is already there does not hide what is appended on a line of its own.
  const std::string record = "{\"level\":\"error\",\"msg\":\"the last one\"}\n";
  const auto longer = parse_log(std::string(text) + "\n" + record);
  check(!longer.empty() && longer.back().message == "the last one", "a later record is found");
  // Valid or not, a parse says truly how far it went.
  if (const auto parsed = chock::state::parse_first_json(text, "log")) {
    check(parsed->length > 0 && parsed->length <= size, "a value has a length");
    const auto again = chock::state::parse_first_json(text.substr(0, parsed->length), "log");
    check(again.has_value() && again->length == parsed->length, "the length is the value's");
    check(chock::state::format_json(again->value) == chock::state::format_json(parsed->value),
          "and all of it");
  }
  return 0;
}
