// SPDX-License-Identifier: Apache-2.0
#include "common/state/exit_record.h"

#include <limits>

#include "common/state/json.h"
#include "tests/unit/support.h"

namespace chock::state {
namespace {

constexpr int64_t kLongest = std::numeric_limits<int64_t>::max();
constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

TEST(exit_record, an_exit_of_which_nothing_more_is_known) {
  ExitRecord record;
  record.origin = ExitRecord::Origin::Synthesised;
  EXPECT_EQ(format_exit_record(record),
            R"({"kind":"unknown","exitStatus":255,"origin":"synthesised","oom":false,)"
            R"("exitedAt":"1970-01-01T00:00:00Z"})"
            "\n");
}

TEST(exit_record, a_complete_exit) {
  ExitRecord record;
  record.status = sys::ExitStatus::from_wait(3 << 8);
  record.pid = 4711;
  record.exited_at = {1795454240, 133505760};
  record.usage = rusage{};
  record.usage->ru_utime = {1, 500000};
  record.usage->ru_stime = {0, 7};
  record.usage->ru_maxrss = 2048;
  record.usage->ru_minflt = 11;
  record.usage->ru_majflt = 12;
  record.usage->ru_inblock = 13;
  record.usage->ru_oublock = 14;
  record.drained_at = timespec{1795454241, 0};
  record.standard_out = StreamCount{.read = 10, .delivered = 9};
  EXPECT_EQ(format_exit_record(record),
            R"({"kind":"exited","code":3,"exitStatus":3,"origin":"shim","oom":false,"pid":4711,)"
            R"("exitedAt":"2026-11-23T17:17:20.13350576Z","rusage":{"userMicroseconds":1500000,)"
            R"("systemMicroseconds":7,"maxResidentKiB":2048,"minorFaults":11,"majorFaults":12,)"
            R"("blocksIn":13,"blocksOut":14},"drainedAt":"2026-11-23T17:17:21Z",)"
            R"("streams":{"stdout":{"read":10,"delivered":9}}})"
            "\n");
}

TEST(exit_record, a_signal_with_a_core) {
  ExitRecord record;
  record.status = sys::ExitStatus::from_wait(11 | 0x80);
  record.origin = ExitRecord::Origin::Kernel;
  record.oom = true;
  EXPECT_EQ(format_exit_record(record),
            R"({"kind":"signalled","signal":11,"core":true,"exitStatus":139,"origin":"kernel",)"
            R"("oom":true,"exitedAt":"1970-01-01T00:00:00Z"})"
            "\n");
}

// The room for it is reserved before anything is known, so that a full disk cannot stop it.
TEST(exit_record, the_longest_one_fits_the_reserve) {
  ExitRecord record;
  record.status = sys::ExitStatus::from_wait(64 | 0x80);
  record.origin = ExitRecord::Origin::Synthesised;
  record.pid = std::numeric_limits<pid_t>::max();
  record.exited_at = {253402300799, 999999999};
  record.usage = rusage{};
  record.usage->ru_utime = record.usage->ru_stime = {kLongest / 1'000'000 - 1, 999999};
  record.usage->ru_maxrss = record.usage->ru_minflt = record.usage->ru_majflt = kLongest;
  record.usage->ru_inblock = record.usage->ru_oublock = kLongest;
  record.drained_at = record.exited_at;
  record.standard_in = record.standard_out = record.standard_error = StreamCount{kMost, kMost};
  const std::string text = format_exit_record(record);
  EXPECT_LE(text.size(), kExitRecordLimit);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const Json json = test::must(parse_json(text, "exit.json"));
  JsonReader reader(json, "exit.json");
  reader.object("streams", [](JsonReader& streams) {
    streams.object("stderr", [](JsonReader& stream) {
      EXPECT_EQ(stream.integer<uint64_t>("read"), kMost);
      EXPECT_EQ(stream.integer<uint64_t>("delivered"), kMost);
    });
  });
  EXPECT_EQ(test::error_of(reader.check()), "(no error)");
}

TEST(exit_record, out_of_memory_is_added_to_what_is_there) {
  const struct {
    OomLimit limit;
    std::string_view expected;
  } rows[] = {
      {OomLimit::Own, R"({"kind":"signalled","oom":true,"pid":7,"more":[1],"oomLimit":"own"})"},
      {OomLimit::Above, R"({"kind":"signalled","oom":true,"pid":7,"more":[1],"oomLimit":"above"})"},
      {OomLimit::Unknown, R"({"kind":"signalled","oom":true,"pid":7,"more":[1]})"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(test::must(mark_oom(R"({"kind":"signalled","oom":false,"pid":7,"more":[1]})"
                                  "\n",
                                  row.limit)),
              std::string(row.expected) + "\n");
  }
  for (const std::string_view text : {"", "{", "[]", "7"}) {
    EXPECT_FALSE(mark_oom(text, OomLimit::Own)) << text;
  }
}

}  // namespace
}  // namespace chock::state
