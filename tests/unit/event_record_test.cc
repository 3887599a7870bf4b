// SPDX-License-Identifier: Apache-2.0
#include "common/state/event_record.h"

#include "common/state/json.h"
#include "tests/unit/support.h"

namespace chock::state {
namespace {

using Type = EventRecord::Type;

const std::string kExit =
    R"({"id":"a2","type":"exit","timestamp":"2026-11-23T17:17:20.13350576Z","pid":"init","status":137})"
    "\n";

TEST(event_record, writes_the_lines_of_the_contract) {
  const EventRecord exit{.id = "a2",
                         .type = Type::Exit,
                         .timestamp = {.tv_sec = 1795454240, .tv_nsec = 133505760},
                         .process = "init",
                         .status = 137};
  EXPECT_EQ(format_event_record(exit), kExit);
  const EventRecord start{.id = "a2", .type = Type::StartContainer, .timestamp = {}, .seq = 7};
  EXPECT_EQ(format_event_record(start),
            "{\"id\":\"a2\",\"type\":\"start-container\",\"timestamp\":\"1970-01-01T00:00:00Z\","
            "\"seq\":7}\n");
}

TEST(event_record, reads_what_it_and_its_peers_write) {
  const std::string lines = kExit +
                            R"({"id":"x","type":"oom","timestamp":"2026-11-23T19:17:20+02:00"})"
                            "\n"
                            R"({"id":"x","type":"exit","timestamp":"2026-11-23T17:17:20Z",)"
                            R"("pid":"e","status":-1,"seq":18446744073709551615})"
                            "\n";
  const EventLines parsed = parse_event_lines(lines);
  ASSERT_EQ(parsed.records.size(), 3U);
  EXPECT_EQ(parsed.length, lines.size());
  EXPECT_EQ(parsed.skipped, 0U);
  EXPECT_EQ(parsed.records[0].status, 137U);
  EXPECT_EQ(parsed.records[0].seq, 0U);
  EXPECT_EQ(parsed.records[1].timestamp.tv_sec, parsed.records[2].timestamp.tv_sec);
  EXPECT_EQ(parsed.records[2].status, 255U);
  EXPECT_EQ(parsed.records[2].seq, UINT64_MAX);
}

TEST(event_record, skips_what_is_no_record) {
  for (const std::string bad :
       {"", "{}", "[]", "null",
        "{\"id\":", R"({"id":"a","type":"live","timestamp":"2026-11-23T17:17:20Z"})",
        R"({"id":"","type":"exit","timestamp":"2026-11-23T17:17:20Z"})",
        R"({"id":"a","type":"exit","timestamp":"yesterday"})",
        R"({"id":"a","type":"exit","timestamp":"2026-11-23T17:17:20Z","status":"1"})",
        R"({"id":"a","type":"exit","timestamp":"2026-11-23T17:17:20Z","seq":-1})"}) {
    const EventLines parsed = parse_event_lines(bad + "\n" + kExit);
    ASSERT_EQ(parsed.records.size(), 1U) << bad;
    EXPECT_EQ(parsed.skipped, 1U) << bad;
  }
}

TEST(event_record, R_60_says_where_a_torn_tail_begins) {
  for (const std::string& tail : {std::string(R"({"id":"a2","type":"ex)"), std::string(64, '\0'),
                                  std::string("garbage\nmore garbage\n")}) {
    const EventLines parsed = parse_event_lines(kExit + tail);
    EXPECT_EQ(parsed.records.size(), 1U);
    EXPECT_EQ(parsed.length, kExit.size());
    EXPECT_GE(parsed.skipped, 1U);
  }
}

}  // namespace
}  // namespace chock::state
