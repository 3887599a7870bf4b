// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/answer.h"

#include <signal.h>
#include <unistd.h>

#include "common/state/json.h"
#include "tests/unit/support.h"

namespace chock::runtime {
namespace {

TEST(answer, the_words_for_a_taken_id) {
  for (const char* message : {
           "container with given ID already exists",
           "runc create failed: container with id exists: web",
           "container `web` already exists",
       }) {
    EXPECT_TRUE(says_id_taken(message)) << message;
  }
  for (const char* message : {
           "",
           "container does not exist",
           "runc create failed: unable to start container process: exec: \"x\": executable file "
           "not "
           "found in $PATH",
           "mkdir /run/x: file exists",
       }) {
    EXPECT_FALSE(says_id_taken(message)) << message;
  }
}

TEST(answer, the_words_for_an_unknown_verb) {
  EXPECT_TRUE(says_unknown_verb("unknown command events\n"));  // crun 1.8
  EXPECT_TRUE(says_unknown_verb(R"(level=error msg="No help topic for 'events'\n")"));
  EXPECT_FALSE(says_unknown_verb(""));
  EXPECT_FALSE(says_unknown_verb("container with id c1 is not running"));
}

TEST(answer, pids_as_runtimes_write_them) {
  const struct {
    std::string_view text;
    std::vector<pid_t> pids;
  } rows[] = {
      {"[22769]\n", {22769}},                 // runc
      {"[\n  22918,\n  7\n]\n", {22918, 7}},  // crun
      {"null\n", {}},                         // runc, of what has stopped
      {"[]", {}},
      {"[1,4194304,2147483647]", {1, 4194304, 2147483647}},
  };
  for (const auto& row : rows) {
    const auto pids = parse_pids(row.text);
    ASSERT_EQ(test::error_of(pids), "(no error)") << row.text;
    EXPECT_EQ(*pids, row.pids) << row.text;
  }
}

TEST(answer, anything_but_pids_is_refused) {
  for (const std::string& text : {
           std::string(),
           std::string("[0]"),
           std::string("[-1]"),
           std::string("[1,\"2\"]"),
           std::string("[2147483648]"),
           std::string("[1.5]"),
           std::string("[[1]]"),
           std::string("{\"pids\":[1]}"),
           std::string("17"),
           std::string("[1"),
           std::string("time=\"x\" level=warning\n[1]"),
           std::string("[") + '\0' + "1]",
           "[" + std::string(kAnswerLimit, ' ') + "1]",
       }) {
    EXPECT_FALSE(parse_pids(text)) << text.substr(0, 40);
  }
}

TEST(answer, states_of_a_container) {
  using Status = RuntimeState::Status;
  const struct {
    std::string_view text;
    Status status;
    pid_t pid;
  } rows[] = {
      {R"({"ociVersion":"1.0.2-dev","id":"a","pid":22769,"status":"created"})", Status::Created,
       22769},
      {R"({"status":"creating"})", Status::Creating, 0},
      {R"({"pid":9,"status":"running"})", Status::Running, 9},
      {"{\n  \"pid\": 9,\n  \"status\": \"paused\"\n}\n", Status::Paused, 9},
      {R"({"pid":0,"status":"stopped"})", Status::Stopped, 0},
      {R"({"pid":-1,"status":"stopped"})", Status::Stopped, 0},
      {R"({"pid":3,"status":"unknown"})", Status::Other, 3},
      {R"({"STATUS":"paused","pid":null})", Status::Paused, 0},
  };
  for (const auto& row : rows) {
    const auto state = parse_state(row.text);
    ASSERT_EQ(test::error_of(state), "(no error)") << row.text;
    EXPECT_EQ(state->status, row.status) << row.text;
    EXPECT_EQ(state->pid, row.pid) << row.text;
  }
}

TEST(answer, state_says_whose_container_it_is) {
  const test::TempDir bundle;
  const test::TempDir other;
  const std::string link = other.path() + "/link";
  ASSERT_EQ(::symlink(bundle.path().c_str(), link.c_str()), 0);
  const std::string text = R"({"status":"created","bundle":")" + bundle.path() +
                           R"(","created":"2026-11-28T10:00:00.5Z"})";
  const sys::ExitStatus success = sys::ExitStatus::from_wait(0);
  const time_t second = test::must(test::must(parse_state(text)).created).tv_sec;
  EXPECT_FALSE(may_be_foreign(success, text, bundle.path(), {second, 0}));
  EXPECT_FALSE(may_be_foreign(success, text, link, {second, 500'000'000}));
  EXPECT_TRUE(may_be_foreign(success, text, bundle.path(), {second, 500'000'001}));
  EXPECT_TRUE(may_be_foreign(success, text, bundle.path(), {second + 1, 0}));
  EXPECT_TRUE(may_be_foreign(success, text, other.path(), {second, 0}));
  EXPECT_TRUE(may_be_foreign(success, text, other.path() + "/none", {second, 0}));
  EXPECT_TRUE(may_be_foreign(success, R"({"status":"created"})", "", {0, 0}));
  EXPECT_TRUE(may_be_foreign(success, "", bundle.path(), {second, 0}));
  // Who fails says that there is none; who was killed says nothing.
  EXPECT_FALSE(may_be_foreign(sys::ExitStatus::from_wait(1 << 8), "", bundle.path(), {second, 0}));
  EXPECT_TRUE(may_be_foreign(sys::ExitStatus::from_wait(SIGKILL), text, other.path(), {second, 0}));
}

TEST(answer, what_is_no_state_is_refused) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", R"({"pid":3})", R"({"status":7})",
        R"({"status":"running","pid":"3"})", R"({"status":"running","pid":99999999999})",
        R"({"status":"run)"}) {
    EXPECT_FALSE(parse_state(text)) << text;
  }
}

TEST(answer, statistics_are_the_data_of_the_event) {
  const auto data = parse_stats_event(R"({"type":"stats","id":"a","data":{"pids":{"current":1}}})");
  ASSERT_EQ(test::error_of(data), "(no error)");
  EXPECT_EQ(state::format_json(*data), R"({"pids":{"current":1}})");
  for (const std::string_view text :
       {"", "{}", R"({"data":null})", R"({"data":[]})", R"({"data":7})", "[]", R"({"data":{)"}) {
    EXPECT_FALSE(parse_stats_event(text)) << text;
  }
}

}  // namespace
}  // namespace chock::runtime
