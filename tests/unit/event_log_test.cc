// SPDX-License-Identifier: Apache-2.0
#include "supervisor/event_log.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/sys/atomic_file.h"
#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

using state::EventRecord;
using test::must;

class event_log : public ::testing::Test {
 protected:
  EventLog open(size_t retain = 0) {
    EventLog log = must(EventLog::open(root_, retain));
    log.take_over();
    return log;
  }

  static EventRecord exit_of(const std::string& id) {
    return {.id = id, .type = EventRecord::Type::Exit, .timestamp = {}, .process = "init"};
  }

  void append(EventLog& log, int count) {
    for (int i = 0; i < count; ++i) {
      must(log.append(exit_of("c" + std::to_string(log.last() + 1))));
    }
  }

  std::string text() { return must(must(root_.read_file("events.log", 1UL << 20U))); }

  std::vector<uint64_t> numbers_in_file() {
    std::vector<uint64_t> numbers;
    for (const EventRecord& record : state::parse_event_lines(text()).records) {
      numbers.push_back(record.seq);
    }
    return numbers;
  }

  test::TempDir temp_;
  sys::StateDir root_ = must(sys::StateDir::open(temp_.path()));
};

std::vector<uint64_t> from_to(uint64_t first, uint64_t last) {
  std::vector<uint64_t> numbers;
  for (uint64_t number = first; number <= last; ++number) {
    numbers.push_back(number);
  }
  return numbers;
}

TEST_F(event_log, D69_counts_on_over_any_number_of_restarts) {
  for (int round = 0; round < 5; ++round) {
    EventLog log = open();
    append(log, 3);
  }
  EXPECT_EQ(numbers_in_file(), from_to(1, 15));
  EXPECT_EQ(open().last(), 15U);
}

TEST_F(event_log, keeps_between_once_and_twice_what_it_is_told) {
  EventLog log = open(5);
  for (int i = 1; i <= 50; ++i) {
    append(log, 1);
    EXPECT_LE(numbers_in_file().size(), 10U);
    EXPECT_GE(numbers_in_file().size(), std::min<size_t>(static_cast<size_t>(i), 5));
    EXPECT_EQ(numbers_in_file().back(), static_cast<uint64_t>(i));
  }
  EXPECT_EQ(open(5).last(), 50U);
}

TEST_F(event_log, R_47_says_by_its_number_what_is_gone) {
  EventLog log = open(5);
  append(log, 4);
  EXPECT_EQ(log.after(0)->seq, 1U);
  EXPECT_EQ(log.after(3)->seq, 4U);
  EXPECT_EQ(log.after(4), nullptr);
  append(log, 100);
  EXPECT_GT(log.after(4)->seq, 5U);
  EXPECT_EQ(log.after(103)->seq, 104U);
}

TEST_F(event_log, R_60_cuts_a_torn_tail) {
  for (const std::string& tail : {std::string(R"({"id":"c4","ty)"), std::string(4096, '\0')}) {
    must(root_.remove_file("events.log"));
    EventLog former = open();
    append(former, 3);
    must(sys::write_file(root_, "events.log", text() + tail));
    EventLog log = open();
    EXPECT_EQ(log.skipped(), 1U);
    append(log, 1);
    EXPECT_EQ(numbers_in_file(), from_to(1, 4));
    EXPECT_EQ(state::parse_event_lines(text()).skipped, 0U);
  }
}

TEST_F(event_log, numbers_what_a_containerd_has_written) {
  const std::string line =
      R"({"id":"a2","type":"exit","timestamp":"2026-11-23T19:17:20.1+02:00","pid":"init","status":1})";
  must(sys::write_file(root_, "events.log", line + "\n" + line + "\n"));
  EventLog log = open();
  EXPECT_EQ(numbers_in_file(), from_to(1, 2));
  append(log, 1);
  EXPECT_EQ(numbers_in_file(), from_to(1, 3));
}

TEST_F(event_log, changes_nothing_before_it_takes_over) {
  for (const std::string& theirs :
       {std::string(R"({"id":"a","type":"oom","timestamp":"2026-11-23T17:17:20Z"})") + "\n",
        std::string(R"({"id":"a","ty)")}) {
    must(sys::write_file(root_, "events.log", theirs));
    struct stat before{};
    ASSERT_EQ(::fstatat(root_.fd(), "events.log", &before, 0), 0);
    EventLog log = must(EventLog::open(root_, 0));
    struct stat after{};
    ASSERT_EQ(::fstatat(root_.fd(), "events.log", &after, 0), 0);
    EXPECT_EQ(after.st_ino, before.st_ino);
    EXPECT_EQ(text(), theirs);
    log.take_over();
    EXPECT_NE(text(), theirs);
  }
  must(root_.remove_file("events.log"));
  static_cast<void>(must(EventLog::open(root_, 0)));
  EXPECT_EQ(must(root_.read_file("events.log", 1)), std::nullopt);
}

TEST_F(event_log, numbers_that_do_not_ascend_are_not_believed) {
  const std::string head = R"({"id":"a","type":"oom","timestamp":"2026-11-23T17:17:20Z","seq":)";
  must(sys::write_file(root_, "events.log",
                       head + "7}\n" + head + "7}\n" + head + "18446744073709551615}\n"));
  EventLog log = open();
  EXPECT_EQ(numbers_in_file(), from_to(7, 9));
}

TEST_F(event_log, wakes_who_waits) {
  EventLog log = open();
  const std::shared_ptr<Latch> changed = log.changed();
  EXPECT_EQ(changed, log.changed());
  append(log, 1);
  EXPECT_TRUE(changed->is_set());
  EXPECT_FALSE(log.changed()->is_set());
}

TEST_F(event_log, refuses_what_is_no_file) {
  ASSERT_EQ(::mkdirat(root_.fd(), "events.log", 0700), 0);
  EXPECT_EQ(test::error_of(EventLog::open(root_, 0)), "open events.log: not a regular file");
}

TEST_F(event_log, a_full_disk_does_not_stop_events_and_leaves_no_torn_line) {
  EventLog log = open();
  append(log, 2);
  // RLIMIT_FSIZE stands in for the disk: the file may grow by a few bytes of the next line only.
  const rlim_t room = text().size() + 10;
  rlimit former{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &former), 0);
  const auto former_handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{.rlim_cur = room, .rlim_max = former.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  EXPECT_FALSE(log.append(exit_of("c3")));
  EXPECT_FALSE(log.append(exit_of("c4")));
  EXPECT_EQ(log.after(3)->seq, 4U);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &former), 0);
  ::signal(SIGXFSZ, former_handler);
  append(log, 1);
  EXPECT_EQ(numbers_in_file(), from_to(1, 5));
}

// -- What was told of one life of a process.

TEST_F(event_log, told_of_the_life_that_is_asked_about_alone) {
  EventLog log = open();
  const timespec first{100, 0};
  const timespec second{200, 5};
  EXPECT_EQ(log.told("c", "init", first), Told::Nothing);
  must(log.append({.id = "c", .type = EventRecord::Type::StartContainer, .timestamp = {100, 1}}));
  EXPECT_EQ(log.told("c", "init", first), Told::Start);
  must(log.append(
      {.id = "c", .type = EventRecord::Type::Exit, .timestamp = {200, 4}, .process = "init"}));
  EXPECT_EQ(log.told("c", "init", first), Told::Exit);
  EXPECT_EQ(log.told("c", "init", second), Told::Nothing);  // the id is used again
  EXPECT_EQ(log.told("d", "init", first), Told::Nothing);
}

TEST_F(event_log, told_of_an_exec_and_not_of_its_container) {
  EventLog log = open();
  const timespec made{100, 0};
  must(log.append({.id = "c", .type = EventRecord::Type::StartContainer, .timestamp = made}));
  EXPECT_EQ(log.told("c", "e", made), Told::Nothing);
  must(log.append(
      {.id = "c", .type = EventRecord::Type::StartProcess, .timestamp = made, .process = "e"}));
  EXPECT_EQ(log.told("c", "e", made), Told::Start);
  must(log.append({.id = "c", .type = EventRecord::Type::Exit, .timestamp = made, .process = "e"}));
  EXPECT_EQ(log.told("c", "e", made), Told::Exit);
  EXPECT_EQ(log.told("c", "init", made), Told::Start);
}

TEST_F(event_log, told_does_not_claim_to_know_what_it_may_have_forgotten) {
  EventLog log = open(1);
  append(log, 3);
  EXPECT_EQ(log.told("c1", "init", timespec{0, 0}), Told::Unknown);
}

}  // namespace
}  // namespace chock::supervisor
