// SPDX-License-Identifier: Apache-2.0
// The watch's judgement, on trees of files as the kernel would have them: of both versions, of
// which a machine has one. What the kernel does is in tests/integration/ops_oom.py.
#include "supervisor/oom_watch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

using Limit = OomWatch::Limit;

// The memory control group of a container, at c below the root of the hierarchy.
class FakeGroup {
 public:
  enum class Version { One, Two };

  explicit FakeGroup(Version version) : version_(version) {
    ::mkdir((root_ / "c").c_str(), 0700);
    if (version == Version::One) {
      count(0);
      use(4096);
      write("cgroup.event_control", "");
    }
  }

  void write(const std::string& name, std::string_view text) const {
    test::write_text(root_ / ("c/" + name), text);
  }
  // Version 1.
  void count(uint64_t kills, uint64_t blocked = 0) const {
    const std::string flag = std::to_string(blocked);
    write("memory.oom_control", "oom_kill_disable " + flag + "\nunder_oom " + flag + "\noom_kill " +
                                    std::to_string(kills) + "\n");
  }
  void use(uint64_t most, const std::string& what = "memory") const {
    write(what + ".max_usage_in_bytes", std::to_string(most) + "\n");
    write(what + ".limit_in_bytes", std::to_string(kLimit) + "\n");
  }
  static constexpr uint64_t kLimit = 1 << 24;
  // As the kernel does, to the eventfd that was registered.
  void signal(uint64_t times) const {
    const int fd = std::stoi(test::read_text(root_ / "c/cgroup.event_control"));
    ASSERT_EQ(::write(fd, &times, sizeof times), static_cast<ssize_t>(sizeof times));
  }
  void remove() const { std::filesystem::remove_all(root_ / "c"); }

  [[nodiscard]] ContainerCgroups cgroups(const std::string& ours = "") const {
    return {mounts_, version_ == Version::One ? "4:memory:/c\n" : "0::/c\n", ours};
  }
  [[nodiscard]] OomWatch arm() const { return test::must(test::must(OomWatch::arm(cgroups()))); }

 private:
  test::TempDir root_;
  Version version_;
  sys::CgroupMounts mounts_ = sys::CgroupMounts::parse(
      "1 2 0:3 / " + root_.path() +
      (version_ == Version::One ? " rw - cgroup x rw,memory" : " rw - cgroup2 x rw"));
};

TEST(oom_watch, version_1_the_counter_is_the_truth_with_or_without_a_hint) {
  const FakeGroup group(FakeGroup::Version::One);
  OomWatch watch = group.arm();
  EXPECT_EQ(watch.look(), std::nullopt);
  group.count(1);
  group.signal(1);
  EXPECT_EQ(watch.look(), Limit::Above);
  EXPECT_EQ(watch.look(), std::nullopt);
  group.count(2);
  EXPECT_EQ(watch.look(), Limit::Above);
}

TEST(oom_watch, version_1_whose_limit_it_was) {
  constexpr uint64_t kPage = 4096;
  const struct {
    uint64_t memory, both;  // the most that was used; 0: there is no such file
    Limit expected;
  } rows[] = {
      {FakeGroup::kLimit, 0, Limit::Own},
      {FakeGroup::kLimit - 7 * kPage, 0, Limit::Own},
      {FakeGroup::kLimit - 100 * kPage, 0, Limit::Above},
      {kPage, FakeGroup::kLimit, Limit::Own},
      {kPage, kPage, Limit::Above},
      {0, 0, Limit::Above},
  };
  for (const auto& row : rows) {
    const FakeGroup group(FakeGroup::Version::One);
    OomWatch watch = group.arm();
    group.use(row.memory);
    if (row.both > 0) {
      group.use(row.both, "memory.memsw");
    }
    group.count(1);
    EXPECT_EQ(watch.look(), row.expected) << row.memory << " " << row.both;
  }
}

TEST(oom_watch, version_1_announced_before_it_is_counted) {
  const FakeGroup group(FakeGroup::Version::One);
  OomWatch watch = group.arm();
  group.signal(1);
  EXPECT_EQ(watch.look(), std::nullopt);
  group.count(1);
  EXPECT_EQ(watch.look(), Limit::Above);
}

TEST(oom_watch, version_1_what_happened_before_is_not_told) {
  const FakeGroup group(FakeGroup::Version::One);
  group.count(7);
  OomWatch watch = group.arm();
  EXPECT_EQ(watch.look(), std::nullopt);
}

TEST(oom_watch, version_1_nobody_may_be_killed) {
  const FakeGroup group(FakeGroup::Version::One);
  OomWatch watch = group.arm();
  group.count(0, 1);
  group.use(FakeGroup::kLimit);
  EXPECT_EQ(watch.look(), std::nullopt);
  group.signal(1);
  EXPECT_EQ(watch.look(), Limit::Own);
  EXPECT_EQ(watch.look(), std::nullopt);  // still so, and told
}

TEST(oom_watch, version_1_removed) {
  const struct {
    const char* what;
    uint64_t before, after;  // signals while it was there, and found when it has gone
    std::optional<Limit> expected;
  } rows[] = {
      {"nothing but its removal", 0, 1, std::nullopt},
      {"its removal is not announced yet", 0, 0, std::nullopt},
      {"memory ran out, and was not counted yet", 1, 1, Limit::Unknown},
      {"both at once", 0, 2, Limit::Unknown},
  };
  for (const auto& row : rows) {
    const FakeGroup group(FakeGroup::Version::One);
    OomWatch watch = group.arm();
    if (row.before > 0) {
      group.signal(row.before);
      EXPECT_EQ(watch.look(), std::nullopt) << row.what;
    }
    if (row.after > 0) {
      group.signal(row.after);
    }
    group.remove();
    EXPECT_FALSE(watch.over()) << row.what;
    EXPECT_EQ(watch.look(), row.expected) << row.what;
    EXPECT_TRUE(watch.over()) << row.what;
    EXPECT_EQ(watch.look(), std::nullopt) << row.what;
  }
}

TEST(oom_watch, version_1_somebody_else_was_killed) {
  const FakeGroup group(FakeGroup::Version::One);
  OomWatch watch = group.arm();
  group.signal(1);
  EXPECT_EQ(watch.look(), std::nullopt);
  EXPECT_EQ(watch.look(), std::nullopt);  // long enough: it was not ours
  group.remove();
  EXPECT_EQ(watch.look(), std::nullopt);
}

TEST(oom_watch, version_2) {
  const struct {
    std::string_view before, after;
    std::optional<Limit> expected;
  } rows[] = {
      {"oom 0\noom_kill 0\n", "oom 0\noom_kill 0\n", std::nullopt},
      {"oom 0\noom_kill 0\n", "oom 1\noom_kill 1\n", Limit::Own},
      {"oom 3\noom_kill 0\n", "oom 3\noom_kill 1\n", Limit::Above},
      {"oom 0\noom_kill 0\n", "oom 4\noom_kill 0\n", std::nullopt},  // nobody died of it
      {"oom 2\noom_kill 2\n", "oom 2\noom_kill 2\n", std::nullopt},
      {"oom 0\noom_kill 0\noom_group_kill 0\n", "oom 1\noom_kill 0\noom_group_kill 1\n",
       Limit::Own},
      {"", "oom 1\noom_kill 1\n", Limit::Own},
      {"oom 1\noom_kill 1\n", "", std::nullopt},
  };
  for (const auto& row : rows) {
    const FakeGroup group(FakeGroup::Version::Two);
    group.write("memory.events", row.before);
    OomWatch watch = group.arm();
    group.write("memory.events", row.after);
    EXPECT_EQ(watch.look(), row.expected) << row.before << row.after;
    EXPECT_EQ(watch.look(), std::nullopt) << row.before << row.after;
    EXPECT_FALSE(watch.over());
  }
}

TEST(oom_watch, where_there_is_nothing_to_watch) {
  const FakeGroup unlimited(FakeGroup::Version::Two);  // the controller is not enabled
  EXPECT_FALSE(test::must(OomWatch::arm(unlimited.cgroups())).has_value());
  const FakeGroup shared(FakeGroup::Version::Two);
  shared.write("memory.events", "oom 0\n");
  EXPECT_FALSE(test::must(OomWatch::arm(shared.cgroups("0::/c\n"))).has_value());
  EXPECT_TRUE(test::must(OomWatch::arm(shared.cgroups("0::/d\n"))).has_value());
  const FakeGroup gone(FakeGroup::Version::One);
  gone.remove();
  EXPECT_EQ(test::code_of(OomWatch::arm(gone.cgroups())), ENOENT);
}

}  // namespace
}  // namespace chock::supervisor
