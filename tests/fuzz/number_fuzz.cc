// SPDX-License-Identifier: Apache-2.0
// The small texts: the numbers of `pid`, `exitStatus` and `starttime`, /proc/PID/stat, ids.
#include <string>

#include "common/state/id.h"
#include "common/sys/proc.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chock;
  const std::string text(fuzz::text_of(data, size));
  if (const auto number = sys::parse_number(text)) {
    const std::string written = std::to_string(*number);
    fuzz::check(text.ends_with(written), "digits, perhaps with zeros before them");
    fuzz::check(text.find_first_not_of('0') == text.size() - written.size() || *number == 0,
                "nothing but zeros before them");
  }
  if (const auto stat = sys::parse_process_stat(text)) {
    // The name is the process's own choice: whatever it is, the kernel's fields are found.
    const std::string fields = text.substr(text.rfind(')'));
    const auto renamed = sys::parse_process_stat("1 () S 9 9 (x" + fields);
    fuzz::check(renamed && renamed->parent == stat->parent && renamed->state == stat->state &&
                    renamed->starttime == stat->starttime,
                "the name does not matter");
  }
  if (state::check_id(text, "id")) {
    fuzz::check(!text.empty() && text.size() <= 255 && text.find('/') == std::string::npos &&
                    text.find('\0') == std::string::npos && text != "." && text != ".." &&
                    text[0] != '-',
                "an id is a safe name");
  }
  return 0;
}
