// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/machine.h"

#include <fcntl.h>

#include <charconv>
#include <string>

#include "common/sys/unique_fd.h"

namespace chock::supervisor::containerd {
namespace {

constexpr size_t kLimit = 16UL << 20U;
constexpr uint64_t kKibibytesInMebibyte = 1024;

std::string read_text(const char* path) {
  const sys::UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  return fd.valid() ? sys::read_all(fd.get(), kLimit, path).value_or("") : "";
}

bool is_processor(std::string_view line) {
  return line.size() > 3 && line.starts_with("cpu") && line[3] >= '0' && line[3] <= '9';
}

// "MemTotal:       16384 kB"
uint64_t number_in(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_of("0123456789"), line.size()));
  uint64_t number = 0;
  std::from_chars(line.data(), line.data() + line.size(), number);
  return number;
}

template <class Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

types::Machine read_machine() {
  return parse_machine(read_text("/proc/stat"), read_text("/proc/meminfo"));
}

types::Machine parse_machine(std::string_view stat, std::string_view meminfo) {
  types::Machine machine;
  each_line(stat, [&machine](std::string_view line) {
    machine.set_cpus(machine.cpus() + (is_processor(line) ? 1 : 0));
  });
  each_line(meminfo, [&machine](std::string_view line) {
    if (line.starts_with("MemTotal:")) {
      machine.set_memory(number_in(line) / kKibibytesInMebibyte);
    }
  });
  return machine;
}

}  // namespace chock::supervisor::containerd
