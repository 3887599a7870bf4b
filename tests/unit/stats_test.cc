// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/stats.h"

#include "common/state/json.h"
#include "tests/unit/support.h"

namespace chock::runtime {
namespace {

state::Json json_of(std::string_view text) { return test::must(state::parse_json(text, "test")); }

// As runc 1.1.5 wrote it on a host with cgroup v1, shortened where lists repeat themselves.
constexpr std::string_view kRuncSays = R"({
  "cpu":{"usage":{"total":26200287,"percpu":[3726315,22473972],"percpu_kernel":[4000000,16000000],
                  "kernel":20000000,"user":4000000},
         "throttling":{"periods":9,"throttledPeriods":3,"throttledTime":77}},
  "cpuset":{"cpus":[0,1]},
  "memory":{"cache":4096,
            "usage":{"limit":16777216,"usage":606208,"max":1732608,"failcnt":5},
            "swap":{"limit":9223372036854771712,"usage":606209,"max":1732609,"failcnt":6},
            "kernel":{"limit":18446744073709551615,"usage":135168,"max":380928,"failcnt":7},
            "kernelTCP":{"limit":9223372036854771712,"failcnt":0},
            "raw":{"active_anon":4096,"hierarchical_memory_limit":16777216}},
  "pids":{"current":1,"limit":100},
  "blkio":{"ioServiceBytesRecursive":[{"major":8,"minor":1,"op":"Read","value":512}],
           "ioQueueRecursive":[{"major":8,"minor":2,"value":3}],
           "sectorsRecursive":null},
  "hugetlb":{"2MB":{"usage":1,"max":2,"failcnt":3}},
  "intel_rdt":{},"network_interfaces":null})";

TEST(stats, every_number_finds_its_place) {
  const Stats stats = test::must(parse_stats(json_of(kRuncSays)));
  EXPECT_EQ(stats.cpu.total, 26200287U);
  EXPECT_EQ(stats.cpu.per_cpu, (std::vector<uint64_t>{3726315, 22473972}));
  EXPECT_EQ(stats.cpu.kernel, 20000000U);
  EXPECT_EQ(stats.cpu.user, 4000000U);
  EXPECT_EQ(stats.cpu.periods, 9U);
  EXPECT_EQ(stats.cpu.throttled_periods, 3U);
  EXPECT_EQ(stats.cpu.throttled_time, 77U);
  EXPECT_EQ(stats.cpu.system, 0U);
  EXPECT_EQ(stats.memory.cache, 4096U);
  EXPECT_EQ(stats.memory.memory, (MemoryUsage{606208, 1732608, 5, 16777216}));
  EXPECT_EQ(stats.memory.swap, (MemoryUsage{606209, 1732609, 6, 9223372036854771712U}));
  EXPECT_EQ(stats.memory.kernel, (MemoryUsage{135168, 380928, 7, 18446744073709551615U}));
  EXPECT_EQ(stats.memory.raw, (std::map<std::string, uint64_t>{
                                  {"active_anon", 4096}, {"hierarchical_memory_limit", 16777216}}));
  EXPECT_EQ(stats.pids.current, 1U);
  EXPECT_EQ(stats.pids.limit, 100U);
  EXPECT_EQ(stats.blkio.service_bytes, (std::vector<BlkioEntry>{{8, 1, "Read", 512}}));
  EXPECT_EQ(stats.blkio.queued, (std::vector<BlkioEntry>{{8, 2, "", 3}}));
  EXPECT_TRUE(stats.blkio.sectors.empty());
  EXPECT_EQ(stats.hugetlb, (std::map<std::string, MemoryUsage>{{"2MB", {1, 2, 3, 0}}}));
}

TEST(stats, each_blkio_list_has_a_key_of_its_own) {
  const Stats stats = test::must(parse_stats(json_of(
      R"({"blkio":{"ioServiceBytesRecursive":[{"value":1}],"ioServicedRecursive":[{"value":2}],
      "ioQueueRecursive":[{"value":3}],"ioServiceTimeRecursive":[{"value":4}],
      "ioWaitTimeRecursive":[{"value":5}],"ioMergedRecursive":[{"value":6}],
      "ioTimeRecursive":[{"value":7}],"sectorsRecursive":[{"value":8}]}})")));
  EXPECT_EQ(stats.blkio.service_bytes.at(0).value, 1U);
  EXPECT_EQ(stats.blkio.serviced.at(0).value, 2U);
  EXPECT_EQ(stats.blkio.queued.at(0).value, 3U);
  EXPECT_EQ(stats.blkio.service_time.at(0).value, 4U);
  EXPECT_EQ(stats.blkio.wait_time.at(0).value, 5U);
  EXPECT_EQ(stats.blkio.merged.at(0).value, 6U);
  EXPECT_EQ(stats.blkio.time.at(0).value, 7U);
  EXPECT_EQ(stats.blkio.sectors.at(0).value, 8U);
}

TEST(stats, what_was_read_is_written_again) {
  Stats stats = test::must(parse_stats(json_of(kRuncSays)));
  stats.cpu.system = 12;
  const std::string written = state::format_json(format_stats(stats));
  const Stats again = test::must(parse_stats(json_of(written)));
  EXPECT_EQ(state::format_json(format_stats(again)), written);
  EXPECT_EQ(again.cpu.system, 12U);
  EXPECT_EQ(again.memory.kernel, stats.memory.kernel);
  EXPECT_EQ(again.blkio.queued, stats.blkio.queued);
  EXPECT_EQ(again.hugetlb, stats.hugetlb);
}

TEST(stats, nothing_is_zero) {
  for (const std::string_view text : {"{}", R"({"cpu":null,"memory":{},"blkio":{}})"}) {
    const Stats stats = test::must(parse_stats(json_of(text)));
    EXPECT_EQ(state::format_json(format_stats(stats)), state::format_json(format_stats({})))
        << text;
  }
}

TEST(stats, wrong_types_are_refused_by_name) {
  const struct {
    std::string_view text;
    std::string_view name;
  } rows[] = {
      {"[]", "statistics"},
      {R"({"cpu":7})", "cpu"},
      {R"({"cpu":{"usage":{"total":-1}}})", "total"},
      {R"({"cpu":{"usage":{"percpu":{}}}})", "percpu"},
      {R"({"memory":{"raw":{"x":"1"}}})", "x"},
      {R"({"memory":{"raw":[]}})", "raw"},
      {R"({"pids":{"current":18446744073709551616}})", "current"},
      {R"({"blkio":{"ioTimeRecursive":[7]}})", "ioTimeRecursive"},
      {R"({"hugetlb":{"2MB":7}})", "2MB"},
  };
  for (const auto& row : rows) {
    const std::string error = test::error_of(parse_stats(json_of(row.text)));
    EXPECT_NE(error, "(no error)") << row.text;
    EXPECT_TRUE(error.contains(row.name)) << row.text << ": " << error;
  }
}

TEST(stats, system_usage_is_the_sum_of_the_first_seven) {
  const struct {
    std::string_view text;
    uint64_t ticks_per_second;
    uint64_t expected;
  } rows[] = {
      {"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", 100, 280'000'000},
      {"cpu  1 2 3 4 5 6 7", 1000, 28'000'000},
      {"cpu  1 2 3 4 5 6\n", 100, 0},
      {"cpu  1 2 3 4 5 6 x\n", 100, 0},
      {"cpu0 1 2 3 4 5 6 7\n", 100, 0},
      {"cpu  1 2 3 4 5 6 7\n", 0, 0},
      {"cpu ", 100, 0},
      {"", 100, 0},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parse_system_usage(row.text, row.ticks_per_second), row.expected) << row.text;
  }
}

}  // namespace
}  // namespace chock::runtime
