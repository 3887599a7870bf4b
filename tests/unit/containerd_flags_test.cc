// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "supervisor/containerd/flags.h"

namespace chock::supervisor::containerd {
namespace {

using namespace std::chrono_literals;

std::string refusal(const std::vector<std::string>& words) {
  const Result<Flags> flags = parse_flags(words);
  return flags ? "accepted" : flags.error().message();
}

TEST(containerd_flags, has_the_defaults_of_the_original) {
  const Result<Flags> flags = parse_flags({});
  ASSERT_TRUE(flags);
  EXPECT_FALSE(flags->debug);
  EXPECT_EQ(flags->log_level, "");
  EXPECT_EQ(flags->state_dir, "/run/containerd");
  EXPECT_EQ(flags->metrics_interval, 5min);
  EXPECT_EQ(flags->listen, "unix:///run/containerd/containerd.sock");
  EXPECT_EQ(flags->runtime, "runc");
  EXPECT_TRUE(flags->runtime_args.empty());
  EXPECT_EQ(flags->shim, "containerd-shim");
  EXPECT_EQ(flags->start_timeout, 30s);
  EXPECT_EQ(flags->retain_count, 500);
  EXPECT_TRUE(flags->given.empty());
}

TEST(containerd_flags, reads_the_command_line_of_docker) {
  const Result<Flags> flags = parse_flags(
      {"-l", "unix:///run/docker.sock", "--metrics-interval=0", "--start-timeout", "2m",
       "--state-dir", "/s", "--shim", "docker-containerd-shim", "--runtime", "docker-runc",
       "--debug", "--runtime-args", "--root=/a,b", "--runtime-args", "--systemd-cgroup=true"});
  ASSERT_TRUE(flags) << flags.error().message();
  EXPECT_EQ(flags->listen, "unix:///run/docker.sock");
  EXPECT_EQ(flags->metrics_interval, 0s);
  EXPECT_EQ(flags->start_timeout, 2min);
  EXPECT_EQ(flags->state_dir, "/s");
  EXPECT_EQ(flags->shim, "docker-containerd-shim");
  EXPECT_EQ(flags->runtime, "docker-runc");
  EXPECT_TRUE(flags->debug);
  EXPECT_EQ(flags->runtime_args,
            (std::vector<std::string>{"--root=/a,b", "--systemd-cgroup=true"}));
}

TEST(containerd_flags, reads_all_forms) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-retain-count", "7"},
                                                {"--retain-count", "7"},
                                                {"-retain-count=7"},
                                                {"--retain-count=7"}}) {
    const Result<Flags> flags = parse_flags(words);
    ASSERT_TRUE(flags) << words.front();
    EXPECT_EQ(flags->retain_count, 7);
    EXPECT_EQ(flags->given, std::vector<std::string>{"retain-count"});
  }
  EXPECT_FALSE(parse_flags({"--debug=false"})->debug);
  EXPECT_TRUE(parse_flags({"-debug=T"})->debug);
  EXPECT_EQ(parse_flags({"-r", "crun"})->runtime, "crun");
  EXPECT_EQ(parse_flags({"--shim="})->shim, "");
  EXPECT_EQ(parse_flags({"-retain-count=-1"})->retain_count, -1);
}

TEST(containerd_flags, reads_integers_as_go_does) {
  const auto number = [](const std::string& text) {
    const Result<Flags> flags = parse_flags({"--retain-count", text});
    return flags ? std::optional(flags->retain_count) : std::nullopt;
  };
  const std::pair<const char*, int64_t> accepted[] = {
      {"0", 0},
      {"+5", 5},
      {"-5", -5},
      {"0x10", 16},
      {"-0XfF", -255},
      {"0o17", 15},
      {"017", 15},
      {"00", 0},
      {"0b101", 5},
      {"1_000", 1000},
      {"0_17", 15},
      {"0x_1f", 31},
      {"9223372036854775807", std::numeric_limits<int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<int64_t>::min()},
  };
  for (const auto& [text, value] : accepted) {
    EXPECT_EQ(number(text), value) << text;
  }
  for (const char* text : {"",
                           "+",
                           "-",
                           "--5",
                           "+-5",
                           "5+",
                           " 5",
                           "5.0",
                           "1e3",
                           "0x",
                           "0b",
                           "0o",
                           "0b2",
                           "08",
                           "0xg",
                           "_1",
                           "1_",
                           "1__0",
                           "_",
                           "0x1_",
                           "+_1",
                           "9223372036854775808",
                           "-9223372036854775809"}) {
    EXPECT_EQ(number(text), std::nullopt) << text;
  }
}

TEST(containerd_flags, shows_help_and_version) {
  EXPECT_TRUE(parse_flags({"--help"})->help);
  EXPECT_TRUE(parse_flags({"-h"})->help);
  EXPECT_TRUE(parse_flags({"help"})->help);
  EXPECT_TRUE(parse_flags({"--debug", "h"})->help);
  EXPECT_TRUE(parse_flags({"--", "help"})->help);
  EXPECT_TRUE(parse_flags({"-v"})->version);
  EXPECT_TRUE(parse_flags({"--version"})->version);
  for (const char* name :
       {"--debug", "--log-level", "--state-dir", "--metrics-interval", "--listen, -l",
        "--runtime, -r", "--runtime-args", "--shim", "--pprof-address", "--start-timeout",
        "--retain-count", "--graphite-address", "--help, -h", "--version, -v"}) {
    EXPECT_TRUE(help_text().contains(std::string("  ") + name + " ")) << name;
  }
}

TEST(containerd_flags, refuses_what_it_does_not_know) {
  EXPECT_EQ(refusal({"--wrong"}), "flag provided but not defined: -wrong");
  EXPECT_EQ(refusal({"-x=1"}), "flag provided but not defined: -x");
  EXPECT_EQ(refusal({"--listen"}), "flag needs an argument: -listen");
  EXPECT_EQ(refusal({"---listen"}), "bad flag syntax: ---listen");
  EXPECT_EQ(refusal({"--=1"}), "bad flag syntax: --=1");
  EXPECT_EQ(refusal({"--start-timeout", "30"}), "invalid value \"30\" for flag -start-timeout");
  EXPECT_EQ(refusal({"--retain-count", "7x"}), "invalid value \"7x\" for flag -retain-count");
  EXPECT_EQ(refusal({"--debug=maybe"}), "invalid boolean value \"maybe\" for -debug");
  EXPECT_EQ(refusal({"serve"}), "unexpected word \"serve\"");
  EXPECT_EQ(refusal({"-"}), "unexpected word \"-\"");
}

}  // namespace
}  // namespace chock::supervisor::containerd
