// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cgroup_stats.h"

#include <sys/stat.h>

#include <limits>
#include <map>

#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

using runtime::BlkioEntry;
using runtime::MemoryUsage;
using runtime::Stats;

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

// A tree with the files of one container's control groups, which are all called "c".
class FakeTree {
 public:
  // Version 1: "memory/memory.stat"; version 2: "unified/memory.stat".
  void write(const std::string& name, std::string_view text) {
    const std::string controller = name.substr(0, name.find('/'));
    if (directories_.emplace(controller, std::string()).second) {
      ::mkdir((root_ / controller).c_str(), 0700);
      ::mkdir((root_ / (controller + "/c")).c_str(), 0700);
    }
    test::write_text(root_ / (controller + "/c/" + name.substr(name.find('/') + 1)), text);
  }

  [[nodiscard]] Stats read(const std::string& ours = "0::/ours\n") const {
    std::string mountinfo;
    std::string init;
    for (const auto& [controller, unused] : directories_) {
      const bool unified = controller == "unified";
      mountinfo += "1 2 0:3 / " + (root_ / controller) + " rw - " +
                   (unified ? "cgroup2 x rw" : "cgroup x rw," + controller) + "\n";
      init += unified ? "0::/c\n" : "7:" + controller + ":/c\n";
    }
    const sys::CgroupMounts mounts = sys::CgroupMounts::parse(mountinfo);
    return read_cgroup_stats({mounts, init, ours});
  }

 private:
  test::TempDir root_;
  std::map<std::string, std::string> directories_;
};

TEST(cgroup_stats, version_1) {
  FakeTree tree;
  tree.write("cpuacct/cpuacct.usage", "26200287\n");
  tree.write("cpuacct/cpuacct.usage_user", "4000000\n");
  tree.write("cpuacct/cpuacct.usage_sys", "20000000\n");
  tree.write("cpuacct/cpuacct.usage_percpu", "3726315 22473972 \n");
  tree.write("cpu/cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 77\nnr_bursts 1\n");
  tree.write("memory/memory.usage_in_bytes", "606208\n");
  tree.write("memory/memory.max_usage_in_bytes", "1732608\n");
  tree.write("memory/memory.failcnt", "5\n");
  tree.write("memory/memory.limit_in_bytes", "16777216\n");
  tree.write("memory/memory.memsw.limit_in_bytes", "9223372036854771712\n");
  tree.write("memory/memory.kmem.usage_in_bytes", "135168\n");
  tree.write("memory/memory.stat", "cache 4096\nrss 1\ntotal_rss 18446744073709551615\nodd\n");
  tree.write("pids/pids.current", "2\n");
  tree.write("pids/pids.max", "100\n");
  const Stats stats = tree.read();
  EXPECT_EQ(stats.cpu.total, 26200287U);
  EXPECT_EQ(stats.cpu.user, 4000000U);
  EXPECT_EQ(stats.cpu.kernel, 20000000U);
  EXPECT_EQ(stats.cpu.per_cpu, (std::vector<uint64_t>{3726315, 22473972}));
  EXPECT_EQ(stats.cpu.periods, 9U);
  EXPECT_EQ(stats.cpu.throttled_periods, 3U);
  EXPECT_EQ(stats.cpu.throttled_time, 77U);
  EXPECT_EQ(stats.memory.memory, (MemoryUsage{606208, 1732608, 5, 16777216}));
  EXPECT_EQ(stats.memory.swap, (MemoryUsage{0, 0, 0, 9223372036854771712U}));
  EXPECT_EQ(stats.memory.kernel, (MemoryUsage{135168, 0, 0, 0}));
  EXPECT_EQ(stats.memory.cache, 4096U);
  EXPECT_EQ(stats.memory.raw,
            (std::map<std::string, uint64_t>{{"cache", 4096}, {"rss", 1}, {"total_rss", kMost}}));
  EXPECT_EQ(stats.pids.current, 2U);
  EXPECT_EQ(stats.pids.limit, 100U);
}

TEST(cgroup_stats, version_1_devices) {
  FakeTree tree;
  tree.write("blkio/blkio.throttle.io_service_bytes_recursive",
             "8:16 Read 512\n8:16 Write 1024\n8:16 Total 1536\nTotal 1536\n");
  tree.write("blkio/blkio.throttle.io_serviced_recursive", "254:0 Read 3\nTotal 3\n");
  tree.write("blkio/blkio.throttle.sectors_recursive", "8:16 7\n");
  tree.write("blkio/blkio.bfq.io_service_bytes_recursive", "Total 0\n");
  const Stats stats = tree.read();
  EXPECT_EQ(stats.blkio.service_bytes,
            (std::vector<BlkioEntry>{
                {8, 16, "Read", 512}, {8, 16, "Write", 1024}, {8, 16, "Total", 1536}}));
  EXPECT_EQ(stats.blkio.serviced, (std::vector<BlkioEntry>{{254, 0, "Read", 3}}));
  EXPECT_EQ(stats.blkio.sectors, (std::vector<BlkioEntry>{{8, 16, "", 7}}));
  tree.write("blkio/blkio.bfq.io_service_bytes_recursive", "8:0 Read 1\nTotal 1\n");
  EXPECT_EQ(tree.read().blkio.service_bytes, (std::vector<BlkioEntry>{{8, 0, "Read", 1}}));
}

TEST(cgroup_stats, version_2) {
  FakeTree tree;
  tree.write("unified/cpu.stat",
             "usage_usec 26\nuser_usec 4\nsystem_usec 20\nnr_periods 9\nnr_throttled 3\n"
             "throttled_usec 77\n");
  tree.write("unified/memory.current", "600\n");
  tree.write("unified/memory.peak", "700\n");
  tree.write("unified/memory.max", "1000\n");
  tree.write("unified/memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\n");
  tree.write("unified/memory.swap.current", "50\n");
  tree.write("unified/memory.swap.max", "max\n");
  tree.write("unified/memory.stat", "anon 1\nfile 4096\nkernel 2048\n");
  tree.write("unified/pids.current", "1\n");
  tree.write("unified/pids.max", "max\n");
  tree.write("unified/io.stat",
             "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 new=7\n254:1 rbytes=x wbytes=9\n"
             "odd rbytes=1\n8:1\n");
  tree.write("unified/hugetlb.2MB.current", "4194304\n");
  tree.write("unified/hugetlb.2MB.events", "max 2\n");
  tree.write("unified/hugetlb.2MB.rsvd.current", "1\n");
  const Stats stats = tree.read();
  EXPECT_EQ(stats.cpu.total, 26000U);
  EXPECT_EQ(stats.cpu.user, 4000U);
  EXPECT_EQ(stats.cpu.kernel, 20000U);
  EXPECT_EQ(stats.cpu.periods, 9U);
  EXPECT_EQ(stats.cpu.throttled_periods, 3U);
  EXPECT_EQ(stats.cpu.throttled_time, 77000U);
  EXPECT_EQ(stats.memory.memory, (MemoryUsage{600, 700, 5, 1000}));
  EXPECT_EQ(stats.memory.swap, (MemoryUsage{650, 0, 0, kMost}));
  EXPECT_EQ(stats.memory.kernel.usage, 2048U);
  EXPECT_EQ(stats.memory.cache, 4096U);
  EXPECT_EQ(stats.pids.current, 1U);
  EXPECT_EQ(stats.pids.limit, 0U);
  EXPECT_EQ(
      stats.blkio.service_bytes,
      (std::vector<BlkioEntry>{
          {8, 0, "Read", 1}, {8, 0, "Write", 2}, {8, 0, "Discard", 5}, {254, 1, "Write", 9}}));
  EXPECT_EQ(stats.blkio.serviced,
            (std::vector<BlkioEntry>{{8, 0, "Read", 3}, {8, 0, "Write", 4}, {8, 0, "Discard", 6}}));
  EXPECT_EQ(stats.hugetlb, (std::map<std::string, MemoryUsage>{{"2MB", {4194304, 0, 2, 0}}}));
}

TEST(cgroup_stats, version_1_huge_pages) {
  FakeTree tree;
  tree.write("hugetlb/hugetlb.1GB.usage_in_bytes", "1\n");
  tree.write("hugetlb/hugetlb.1GB.max_usage_in_bytes", "2\n");
  tree.write("hugetlb/hugetlb.1GB.failcnt", "3\n");
  tree.write("hugetlb/hugetlb.1GB.limit_in_bytes", "4\n");
  tree.write("hugetlb/hugetlb.1GB.rsvd.usage_in_bytes", "5\n");
  EXPECT_EQ(tree.read().hugetlb, (std::map<std::string, MemoryUsage>{{"1GB", {1, 2, 3, 0}}}));
}

TEST(cgroup_stats, what_is_shared_with_us_is_not_counted) {
  FakeTree tree;
  tree.write("unified/memory.current", "600\n");
  tree.write("memory/memory.usage_in_bytes", "5\n");
  EXPECT_EQ(tree.read("7:memory:/c\n0::/c\n").memory.memory.usage, 0U);
  EXPECT_EQ(tree.read("7:memory:/d\n0::/c\n").memory.memory.usage, 5U);
}

TEST(cgroup_stats, nothing_and_garbage_are_zero) {
  const std::string nothing = state::format_json(runtime::format_stats({}));
  FakeTree tree;
  EXPECT_EQ(state::format_json(runtime::format_stats(tree.read())), nothing);
  for (const char* name : {"cpuacct/cpuacct.usage", "cpu/cpu.stat", "memory/memory.stat",
                           "memory/memory.limit_in_bytes", "pids/pids.max",
                           "blkio/blkio.throttle.io_serviced_recursive"}) {
    tree.write(name, "  \n\n-1 x\n: : :\nnr_periods -\n\xff\xfe");
  }
  EXPECT_EQ(tree.read().memory.raw.size(), 0U);
  EXPECT_EQ(tree.read().cpu.total, 0U);
}

}  // namespace
}  // namespace chock::supervisor
