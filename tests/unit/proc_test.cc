// SPDX-License-Identifier: Apache-2.0
#include "common/sys/proc.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

// The fields after the command name, with parent 7 and start time 4242.
constexpr char kFields[] =
    " S 7 9 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 10000 100 18446744073709551615 1 1 0";

TEST(proc, stat_fields_whatever_the_name) {
  for (const char* name : {"sh", "x) y (z", "a b", "", ")", "((", ") R 1 1 1", "new\nline",
                           ") S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"}) {
    const std::string text = "123 (" + std::string(name) + ")" + kFields + "\n";
    const ProcessStat stat = test::must(parse_process_stat(text));
    EXPECT_EQ(stat.state, 'S') << name;
    EXPECT_EQ(stat.parent, 7) << name;
    EXPECT_EQ(stat.starttime, 4242U) << name;
    EXPECT_EQ(stat.command, name);
  }
}

TEST(proc, stat_that_is_none) {
  const std::string good = "123 (sh)" + std::string(kFields);
  const std::string bad[] = {
      "",
      "123",
      "123 (sh",
      "123 (sh)",
      "123 sh)" + std::string(kFields),
      ")(" + std::string(kFields),
      "123 (sh) S 7",
      "123 (sh) SS" + good.substr(10),
      "123 (sh) S x" + good.substr(12),
      "123 (sh) S -7" + good.substr(12),
      good.substr(0, good.find(" 4242")),
      "123 (sh) S 7 9 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 x4242 1",
      "123 (sh) S 7 9 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 18446744073709551616 1",
  };
  ASSERT_TRUE(parse_process_stat(good).has_value());
  for (const std::string& text : bad) {
    EXPECT_FALSE(parse_process_stat(text).has_value()) << text;
  }
}

TEST(proc, reads_how_a_zombie_has_ended) {
  const Pidfd child = test::fork_child([] { return 3; });
  ASSERT_TRUE(test::wait_ready(child.fd(), POLLIN));
  const ProcessStat stat = test::must(test::must(read_process_stat(child.pid())));
  EXPECT_EQ(stat.state, 'Z');
  EXPECT_EQ(stat.wait_status, 3 << 8);
  EXPECT_EQ(test::wait_for(child).status.code(), 3);
  EXPECT_EQ(test::must(test::must(read_process_stat(::getpid()))).wait_status, 0);
}

TEST(proc, reads_a_real_process_with_an_awkward_name) {
  Pipe ready = test::must(make_pipe());
  Pipe stop = test::must(make_pipe());
  const Pidfd child = test::fork_child([&] {
    ::prctl(PR_SET_NAME, "x) y\n(z");
    stop.write.reset();
    char byte = 0;
    ready.write.reset();
    return static_cast<int>(::read(stop.read.get(), &byte, 1));
  });
  ready.write.reset();
  ASSERT_TRUE(test::wait_ready(ready.read.get(), POLLIN));
  const ProcessStat stat = test::must(test::must(read_process_stat(child.pid())));
  EXPECT_EQ(stat.parent, ::getpid());
  EXPECT_EQ(stat.command, "x) y\n(z");
  EXPECT_TRUE(stat.state == 'S' || stat.state == 'R') << stat.state;
  const ProcessStat own = test::must(test::must(read_process_stat(::getpid())));
  EXPECT_GE(stat.starttime, own.starttime);
  EXPECT_GT(own.starttime, 0U);

  stop.write.reset();
  ASSERT_TRUE(test::wait_ready(child.fd(), POLLIN));
  EXPECT_EQ(test::must(test::must(read_process_stat(child.pid()))).state, 'Z');
  EXPECT_EQ(test::wait_for(child).status.code(), 0);
  EXPECT_EQ(test::must(read_process_stat(child.pid())), std::nullopt);
}

TEST(proc, nobody_has_these_numbers) {
  for (const pid_t pid : {0, -1, 2147483647}) {
    EXPECT_FALSE(test::must(read_process_stat(pid)).has_value()) << pid;
  }
}

TEST(proc, parse_number_takes_digits_only) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("0007"), 7U);
  EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615U);
  for (const std::string_view text :
       {"", " ", "-1", "+1", " 1", "1 ", "1\n", "0x10", "1.0", "1e3", "abc", "1a", "--1",
        "18446744073709551616", "99999999999999999999999", "\xD9\xA1"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_number(std::string_view("1\0", 2)), std::nullopt);
}

TEST(proc, parse_trimmed_number_takes_blanks_around_it) {
  for (const std::string_view text : {"137", "137\n", " 137", "137\r\n", "\t\n 0137 \t", "\n137"}) {
    EXPECT_EQ(parse_trimmed_number(text), 137U) << text;
  }
  EXPECT_EQ(parse_trimmed_number(" 0\n"), 0U);
  EXPECT_EQ(parse_trimmed_number("18446744073709551615\n"), 18446744073709551615U);
  for (const std::string_view text : {"", " ", " \t\r\n", "1 2", "1\n2", "- 1", "1 -", "\v1", "1\f",
                                      "\xC2\xA0"
                                      "1",
                                      " 18446744073709551616"}) {
    EXPECT_EQ(parse_trimmed_number(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_trimmed_number(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_trimmed_number(std::string_view()), std::nullopt);
}

TEST(proc, parse_pid_takes_what_can_have_been_started) {
  struct Case {
    std::string_view text;
    pid_t pid;
  };
  const Case good[] = {{"2", 2},         {"4194304", 4194304}, {"2147483647", 2147483647},
                       {"00042", 42},    {"42\n", 42},         {" 42", 42},
                       {"\t42 \r\n", 42}};
  for (const Case& c : good) {
    EXPECT_EQ(parse_pid(c.text), c.pid) << c.text;
  }
  for (const std::string_view text : {"",
                                      " ",
                                      "\n",
                                      "0",
                                      "1",
                                      "1\n",
                                      "01",
                                      "-1",
                                      "-42",
                                      "+42",
                                      "4 2",
                                      "42,",
                                      "0x2a",
                                      "42.0",
                                      "pid 42",
                                      "2147483648",
                                      "4294967338",
                                      "18446744073709551615",
                                      "18446744073709551658",
                                      "99999999999999999999999",
                                      "{\"pid\":42}"}) {
    EXPECT_EQ(parse_pid(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_pid(std::string_view("42\0", 3)), std::nullopt);
}

TEST(proc, oom_score_adj_round_trips) {
  const std::string former = test::must(read_oom_score_adj());
  const Pidfd child = test::fork_child([] {
    const bool written = write_oom_score_adj("777").has_value();
    const Result<std::string> now = read_oom_score_adj();
    return written && now && *now == "777\n" ? 0 : 1;
  });
  EXPECT_EQ(test::wait_for(child).status.number(), 0U);
  EXPECT_EQ(test::must(read_oom_score_adj()), former);
  EXPECT_EQ(test::code_of(write_oom_score_adj("100000")), EINVAL);
}

}  // namespace
}  // namespace chock::sys
