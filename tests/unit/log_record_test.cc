// SPDX-License-Identifier: Apache-2.0
#include "common/state/log_record.h"

#include "tests/unit/support.h"

namespace chock::state {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs records_of(std::string_view text) {
  Pairs pairs;
  for (const LogRecord& record : parse_log(text)) {
    pairs.emplace_back(record.level, record.message);
  }
  return pairs;
}

TEST(log_record, reads_what_shims_and_runtimes_write) {
  struct Case {
    std::string text;
    Pairs records;
  };
  const Case cases[] = {
      {"", {}},
      {" \n\t\r\n", {}},
      {R"({"level": "warn","msg": "a"}{"level": "error","msg": "b"})",
       {{"warn", "a"}, {"error", "b"}}},
      {R"({"level":"error","msg":"runc create failed: x","time":"2026-11-23T17:17:20Z"})"
       "\n",
       {{"error", "runc create failed: x"}}},
      {R"({"msg":"no such file","level":"error","time":"2026-11-23T17:17:20.863181Z"})"
       "\n",
       {{"error", "no such file"}}},
      {"{\"level\":\"info\",\"msg\":\"1\"}\n\n  {\"level\":\"error\",\"msg\":\"2\"}",
       {{"info", "1"}, {"error", "2"}}},
      {R"({"level":"error","msg":"\"quoted\" \u00e9\n"})", {{"error", "\"quoted\" \xC3\xA9\n"}}},
      {R"({"Level":"error","MSG":"case"})", {{"error", "case"}}},
      {R"({"level":"error"})", {{"error", ""}}},
      {R"({"other":1})", {{"", ""}}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(records_of(c.text), c.records) << c.text;
  }
}

TEST(log_record, skips_what_is_no_record) {
  const std::string good = R"({"level":"error","msg":"good"})";
  const Pairs only_good = {{"error", "good"}};
  const std::string bad[] = {
      "garbage\n",
      "{\n",
      "}\n",
      "{\"level\":\"error\",\"msg\":\"torn\n",
      "{\"level\":\"error\",\"msg\":\"quo\"te\"}\n",
      "{\"level\":7,\"msg\":\"x\"}",
      "{\"level\":\"error\",\"msg\":[]}",
      "[1,2]",
      "null",
      "true ",
      "17",
      "-1.5e3",
      "\"text\"",
      "\xFF\xFE\n",
      std::string("\0\0\0\n", 4),
      std::string(100000, '[') + "\n",
  };
  for (const std::string& text : bad) {
    EXPECT_EQ(records_of(text + good), only_good) << text;
    EXPECT_EQ(records_of(good + "\n" + text), only_good) << text;
    EXPECT_EQ(records_of(text + good + text), only_good) << text;
  }
}

// D1: the original escapes nothing, and quotes what it complains about.
TEST(log_record, reads_the_originals_unescaped_messages) {
  struct Case {
    std::string text;
    Pairs records;
  };
  const std::string warn = R"({"level": "warn","msg": "close |1: file already closed"})";
  const Pairs::value_type warned{"warn", "close |1: file already closed"};
  const Case cases[] = {
      {R"({"level": "error","msg": "strconv.Atoi: parsing "7x": invalid syntax"})",
       {{"error", "strconv.Atoi: parsing \"7x\": invalid syntax"}}},
      {warn + R"({"level": "error","msg": "exec: "x": not found"})" + warn,
       {warned, {"error", "exec: \"x\": not found"}, warned}},
      {"{\"level\": \"error\",\"msg\": \"torn \n" + warn, {warned}},
      {R"({"level": "error","msg": "C:\dir"})", {{"error", "C:\\dir"}}},
      {"{\"level\": \"error\",\"msg\": \"\xFF\"\"}", {{"error", "\xEF\xBF\xBD\""}}},
      {R"({"level": "error","msg": "torn "here)", {}},
      {R"({"level": "er"ror","msg": "x"})", {}},
      {R"({"level": ")", {}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(records_of(c.text), c.records) << c.text;
  }
}

// Invalid bytes must not cost the record after them: it may be the one with the cause.
TEST(log_record, invalid_utf8_does_not_hide_the_next_record) {
  const std::string text = "{\"level\":\"warn\",\"msg\":\"" + std::string(50, '\xFF') +
                           "\"}{\"level\":\"error\",\"msg\":\"cause\"}";
  const Pairs records = records_of(text);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1], Pairs::value_type("error", "cause"));
}

TEST(log_record, a_torn_tail_costs_only_itself) {
  const std::string first = R"({"level":"warn","msg":"w"})"
                            "\n";
  const std::string second = R"({"level":"error","msg":"e"})";
  for (size_t length = 0; length < second.size(); ++length) {
    EXPECT_EQ(records_of(first + second.substr(0, length)), (Pairs{{"warn", "w"}})) << length;
  }
}

TEST(log_record, a_large_log_is_read_in_one_pass) {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += "{\"level\":\"info\",\"msg\":\"\xFF\"}\n";
  }
  EXPECT_EQ(parse_log(text).size(), 5000U);
}

TEST(log_record, first_error_is_the_first_of_level_error) {
  const auto error_of = [](std::string_view text) { return first_error(parse_log(text)); };
  EXPECT_EQ(error_of(""), std::nullopt);
  EXPECT_EQ(error_of(R"({"level":"fatal","msg":"f"}{"level":"ERROR","msg":"g"})"), std::nullopt);
  EXPECT_EQ(error_of(R"({"level":"warn","msg":"a"}{"level":"error","msg":"b"})"
                     R"({"level":"error","msg":"c"})"),
            "b");
}

TEST(log_record, what_is_written_can_be_read) {
  const LogRecord plain{.level = "error", .message = "open exit: no such file or directory"};
  EXPECT_EQ(format_log_record(plain),
            "{\"level\":\"error\",\"msg\":\"open exit: no such file or directory\"}\n");
  const LogRecord full{.level = "error",
                       .message = "quote \" backslash \\ newline \n bad \xFF",
                       .step = "create",
                       .runtime_log = "last words",
                       .code = 2};
  const std::string line = format_log_record(full);
  EXPECT_EQ(
      line,
      "{\"level\":\"error\",\"msg\":\"quote \\\" backslash \\\\ newline \\n bad \xEF\xBF\xBD\","
      "\"step\":\"create\",\"runtimeLog\":\"last words\",\"errno\":2}\n");
  EXPECT_EQ(records_of(line + line),
            Pairs(2, {"error", "quote \" backslash \\ newline \n bad \xEF\xBF\xBD"}));
}

}  // namespace
}  // namespace chock::state
