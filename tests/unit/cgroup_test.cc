// SPDX-License-Identifier: Apache-2.0
#include "common/sys/cgroup.h"

#include <unistd.h>

#include <limits>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

// Hybrid, as systemd of the years before 2021 and this project's test machine have it.
constexpr std::string_view kHybrid =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view kUnified =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";
// Inside a container that has the hierarchy, but only its own part of it.
constexpr std::string_view kNested =
    "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
    "36 31 0:32 /other /mnt/my\\040dir ro - cgroup cgroup rw,memory\n";

TEST(cgroup, where_a_process_is) {
  const struct {
    std::string_view mounts, text, controller;
    std::optional<Cgroup> expected;
  } rows[] = {
      {kHybrid, "4:memory:/c/1\n2:cpu,cpuacct:/c/2\n0::/u\n", "memory",
       Cgroup{false, "/sys/fs/cgroup/memory/c/1"}},
      {kHybrid, "4:memory:/c/1\n2:cpu,cpuacct:/c/2\n0::/u\n", "cpuacct",
       Cgroup{false, "/sys/fs/cgroup/cpu,cpuacct/c/2"}},
      {kHybrid, "4:memory:/c/1\n0::/u\n", "pids", Cgroup{true, "/sys/fs/cgroup/unified/u"}},
      {kHybrid, "4:memory:/c/1\n", "pids", std::nullopt},
      // A hierarchy that exists but is not mounted where we are: nobody else has its files.
      {kHybrid, "4:pids:/c/1\n0::/u\n", "pids", std::nullopt},
      {kUnified, "0::/system.slice/a:b.scope", "memory",
       Cgroup{true, "/sys/fs/cgroup/system.slice/a:b.scope"}},
      {kUnified, "0::/", "memory", Cgroup{true, "/sys/fs/cgroup/"}},
      {kUnified, "0::/../outside", "memory", std::nullopt},
      {kUnified, "4:memory:/c/1\n", "memory", std::nullopt},
      {kNested, "4:memory:/docker/abc/x", "memory", Cgroup{false, "/sys/fs/cgroup/memory/x"}},
      {kNested, "4:memory:/docker/abc", "memory", Cgroup{false, "/sys/fs/cgroup/memory"}},
      {kNested, "4:memory:/other/y", "memory", Cgroup{false, "/mnt/my dir/y"}},
      {kNested, "4:memory:/docker/abcd/x", "memory", std::nullopt},
      {"", "4:memory:/c/1\n0::/u\n", "memory", std::nullopt},
      {kHybrid, "", "memory", std::nullopt},
      {kHybrid, "4:memory\nmemory\n::\n4:memory:relative\n", "memory", std::nullopt},
      {kHybrid, "4:xmemory,memoryx:/c\n", "memory", std::nullopt},
  };
  for (const auto& row : rows) {
    const std::optional<Cgroup> found =
        CgroupMounts::parse(row.mounts).find(row.text, row.controller);
    EXPECT_EQ(found, row.expected)
        << row.text << " " << row.controller << ": " << (found ? found->path : "nothing");
  }
}

TEST(cgroup, everywhere_that_a_process_is) {
  const CgroupMounts hybrid = CgroupMounts::parse(kHybrid);
  EXPECT_EQ(hybrid.all("9:pids:/x\n4:memory:/c/1\n2:cpu,cpuacct:/c/2\nnone\n0::/u u\n"),
            (std::vector<Cgroup>{{false, "/sys/fs/cgroup/memory/c/1"},
                                 {false, "/sys/fs/cgroup/cpu,cpuacct/c/2"},
                                 {true, "/sys/fs/cgroup/unified/u u"}}));
  EXPECT_EQ(CgroupMounts::parse(kUnified).all("0::/a b\n"),
            (std::vector<Cgroup>{{true, "/sys/fs/cgroup/a b"}}));
  EXPECT_TRUE(hybrid.all("").empty());
}

TEST(cgroup, mountinfo_that_is_none_is_passed_over) {
  for (const std::string_view text :
       {"", "\n\n", "cgroup", "- cgroup cgroup rw,memory", "1 2 3 / /p - cgroup",
        "1 2 3 / /p rw - ", "1 2 3 4 5 6 7 8 9", "35 31 0:32 / /p rw - cgroup cgroup"}) {
    EXPECT_FALSE(CgroupMounts::parse(text).find("4:memory:/c\n0::/c\n", "memory")) << text;
  }
}

TEST(cgroup, of_this_machine) {
  const std::string text = read_process_cgroups(::getpid());
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(read_process_cgroups(std::numeric_limits<pid_t>::max()), "");
  static_cast<void>(CgroupMounts::read().find(text, "memory"));  // may be nowhere: only survives it
}

TEST(cgroup, limits) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  const struct {
    std::string_view text;
    std::optional<uint64_t> expected;
  } rows[] = {{"0\n", 0},    {"17", 17},      {"max\n", kMost}, {"18446744073709551615\n", kMost},
              {"", {}},      {"-1\n", {}},    {"maximum", {}},  {"18446744073709551616", {}},
              {"1 2\n", {}}, {"1\nmore\n", 1}};
  for (const auto& row : rows) {
    EXPECT_EQ(parse_limit(row.text), row.expected) << row.text;
  }
}

TEST(cgroup, keyed_numbers) {
  constexpr std::string_view kText =
      "low 0\noom 3\noom_kill 17\n\nodd\noom_kill 18\nmax x\nnone \n";
  EXPECT_EQ(find_keyed(kText, "oom"), 3U);
  EXPECT_EQ(find_keyed(kText, "oom_kill"), 17U);
  for (const std::string_view key : {"oom_group_kill", "odd", "max", "none", ""}) {
    EXPECT_FALSE(find_keyed(kText, key)) << key;
  }
}

TEST(cgroup, oom_counts) {
  const struct {
    std::string_view text;
    uint64_t limit_hits, kills;
    bool blocked;
  } rows[] = {
      {"low 0\nhigh 0\nmax 9\noom 2\noom_kill 3\noom_group_kill 1\n", 2, 4, false},
      {"low 0\nhigh 0\nmax 9\noom 0\noom_kill 1\n", 0, 1, false},  // before Linux 5.17
      {"oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 0, 5, false},
      {"oom_kill_disable 1\nunder_oom 1\noom_kill 0\n", 0, 0, true},
      {"oom_kill_disable 1\nunder_oom 0\n", 0, 0, false},
      {"oom_kill_disable 0\nunder_oom 1\n", 0, 0, false},
      {"", 0, 0, false},
      {"oom\noom_kill -1\noom_kill_disable yes\n", 0, 0, false},
  };
  for (const auto& row : rows) {
    const OomCounts counts = parse_oom_counts(row.text);
    EXPECT_EQ(counts.limit_hits, row.limit_hits) << row.text;
    EXPECT_EQ(counts.kills, row.kills) << row.text;
    EXPECT_EQ(counts.blocked, row.blocked) << row.text;
  }
}

}  // namespace
}  // namespace chock::sys
