// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of control groups, and what it would never tell: any bytes.
#include <algorithm>

#include "common/sys/cgroup.h"
#include "supervisor/cgroup_stats.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using chock::fuzz::check;
  using namespace chock;
  const std::string_view text = fuzz::text_of(data, size);
  // The mounts first, then a process's groups.
  const size_t half = std::min(text.find("\n\n"), text.size());
  static_cast<void>(
      sys::CgroupMounts::parse(text.substr(0, half)).find(text.substr(half), "memory"));
  const sys::CgroupMounts mounts = sys::CgroupMounts::parse(
      "35 31 0:32 / /one rw - cgroup x rw,memory\n41 31 0:38 / /two rw - cgroup2 x rw\n");
  if (const auto found = mounts.find(text, "memory")) {
    check(found->path.starts_with(found->unified ? "/two/" : "/one/"), "below its mount");
    check(!found->path.contains("/../"), "and not up from there");
  }
  sys::for_each_line(text, [](const std::vector<std::string_view>& words) {
    check(!words.empty() && std::ranges::none_of(words, &std::string_view::empty), "words");
  });
  static_cast<void>(sys::parse_limit(text));
  const sys::OomCounts counts = sys::parse_oom_counts(text);
  check(counts.limit_hits == sys::find_keyed(text, "oom").value_or(0), "one meaning");
  for (const runtime::BlkioEntry& entry : supervisor::parse_device_counts(text)) {
    check(!entry.op.contains(' '), "an operation is a word");
  }
  check(supervisor::parse_io_stat(text).queued.empty(), "two lists");
  return 0;
}
