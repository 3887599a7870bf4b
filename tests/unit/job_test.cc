// SPDX-License-Identifier: Apache-2.0
#include "shim/job.h"

#include <algorithm>

#include "tests/unit/support.h"

namespace chock::shim {
namespace {

constexpr std::string_view kPrivate =
    R"({"root":{"path":"r"},"process":{},"linux":{"namespaces":[{"type":"pid"}]}})";
constexpr std::string_view kShared =
    R"({"root":{"path":"r"},"process":{},"linux":{"namespaces":[{"type":"mount"}]}})";

// A process directory that is its own bundle, too.
class Place {
 public:
  explicit Place(std::string_view process_json, std::string_view config = kPrivate) {
    test::write_text(dir_ / "process.json", process_json);
    if (!config.empty()) {
      test::write_text(dir_ / "config.json", config);
    }
  }

  [[nodiscard]] Result<Job> read(const std::string& id = "c1") const {
    return Job::read(dir_.open(), id, dir_.path(), "/usr/bin/runc");
  }
  [[nodiscard]] Job job() const { return test::must(read()); }
  [[nodiscard]] std::string operator/(std::string_view name) const { return dir_ / name; }

 private:
  test::TempDir dir_;
};

bool same(const Traits& a, const Traits& b) {
  return a.kill_all == b.kill_all && a.remove == b.remove && a.undo == b.undo;
}

TEST(job, duties_follow_from_kind_seal_and_namespace) {
  EXPECT_TRUE(same(Place("{}").job().traits(), {.remove = true, .undo = true}));
  EXPECT_TRUE(
      same(Place("{}", kShared).job().traits(), {.kill_all = true, .remove = true, .undo = true}));
  EXPECT_TRUE(same(Place(R"({"sealed":true})").job().traits(), {.undo = true}));
  EXPECT_TRUE(same(Place(R"({"exec":true})", kShared).job().traits(), {}));
}

// Survivors that are killed for nothing do no harm; survivors that are not would hold the output.
TEST(job, a_bundle_that_says_nothing_counts_as_sharing) {
  for (const std::string_view config : {"", "{", "[]", "{}"}) {
    EXPECT_TRUE(Place("{}", config).job().traits().kill_all) << config;
  }
}

TEST(job, an_exec_restores_nothing) {
  EXPECT_STREQ(Place("{}").job().step(), "create");
  const Place exec(R"({"exec":true,"checkpoint":"/no/such/checkpoint"})");
  EXPECT_STREQ(exec.job().step(), "exec");
  EXPECT_FALSE(exec.job().restores());
}

TEST(job, a_checkpoint_must_be_readable) {
  const Place place(R"({"checkpoint":"/no/such/checkpoint"})");
  EXPECT_EQ(test::error_of(place.read()),
            "open /no/such/checkpoint/config.json: no such file or directory");
}

TEST(job, files_that_cannot_be_used_are_named) {
  const test::TempDir empty;
  EXPECT_EQ(test::error_of(Job::read(empty.open(), "c1", "/b", "runc")),
            "open process.json: no such file or directory");
  for (const std::string_view text : {"", "{", "[]", R"({"terminal":1})", R"({"exec":"yes"})"}) {
    EXPECT_FALSE(Place(text).read().has_value()) << text;
  }
}

TEST(job, ids_that_are_no_names_are_refused) {
  for (const char* id : {"", ".", "..", "../x", "a/b", "-x"}) {
    EXPECT_FALSE(Place("{}").read(id).has_value()) << id;
  }
}

bool has_in_a_row(const runtime::Arguments& all, const runtime::Arguments& wanted) {
  return !std::ranges::search(all, wanted).empty();
}

TEST(job, launch_arguments_are_the_kind_s_own) {
  const Place create(R"({"runtimeArgs":["--root=/r"],"noPivotRoot":true})");
  const runtime::Arguments arguments = create.job().launch_arguments("/tmp/sock");
  EXPECT_EQ(arguments.front(), "/usr/bin/runc");
  EXPECT_EQ(arguments.back(), "c1");
  EXPECT_TRUE(has_in_a_row(arguments, {"--log", create / "log.json", "--log-format", "json",
                                       "--root=/r", "create", "--bundle"}));
  EXPECT_TRUE(has_in_a_row(arguments, {"--console-socket", "/tmp/sock", "--no-pivot"}));

  const Place exec(R"({"exec":true})");
  EXPECT_TRUE(has_in_a_row(exec.job().launch_arguments({}),
                           {"exec", "-d", "--process", exec / "process.json", "--pid-file"}));
}

}  // namespace
}  // namespace chock::shim
