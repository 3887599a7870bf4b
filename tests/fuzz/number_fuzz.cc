// SPDX-License-Identifier: Apache-2.0
// The small texts: the numbers of `pid` (the runtime's, before the shim has made it known),
// `exitStatus` and `starttime`, /proc/PID/stat, ids.
#include <string>
#include <utility>

#include "common/state/id.h"
#include "common/sys/proc.h"
#include "tests/fuzz/fuzz.h"

namespace {

void check_numbers(const std::string& text) {
  using namespace chock;
  const auto number = sys::parse_number(text);
  if (number) {
    const std::string written = std::to_string(*number);
    fuzz::check(text.ends_with(written), "digits, perhaps with zeros before them");
    fuzz::check(text.find_first_not_of('0') == text.size() - written.size() || *number == 0,
                "nothing but zeros before them");
    fuzz::check(sys::parse_trimmed_number("\t\r " + text + "\n") == number, "blanks do not matter");
  }
  const auto trimmed = sys::parse_trimmed_number(text);
  fuzz::check(!number || trimmed == number, "nor does it that there are none");
  if (trimmed && !number) {
    fuzz::check(text.find_first_of(" \t\r\n") != std::string::npos, "it is blanks that were taken");
    fuzz::check(text.find_first_not_of("0123456789 \t\r\n") == std::string::npos,
                "and digits left");
  }
  const auto pid = sys::parse_pid(text);
  fuzz::check(!pid || *pid > 1, "neither a group, nor everybody, nor pid 1");
  fuzz::check(!pid || (trimmed && std::cmp_equal(*pid, *trimmed)), "the very number that is there");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chock;
  const std::string text(fuzz::text_of(data, size));
  check_numbers(text);
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
