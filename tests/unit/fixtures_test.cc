// SPDX-License-Identifier: Apache-2.0
// The golden files: good/FORMAT/NAME.json must be read, and written again byte for byte, or as
// NAME.canonical where a peer writes the same thing differently; bad/FORMAT/NAME.json must be
// refused with the words of NAME.message; where the JSON library words the rest, with what is ours.
#include "common/state/checkpoint_config.h"
#include "common/state/container_state.h"
#include "common/state/json.h"
#include "common/state/log_record.h"
#include "common/state/oci_config.h"
#include "common/state/process_state.h"
#include "tests/unit/support.h"

namespace chock {
namespace {

// Reads a text of some format and writes it again.
Result<std::string> rewrite(const std::string& format, const std::string& text) {
  if (format == "process") {
    return state::format_process_state(TRY(state::parse_process_state(text)));
  }
  if (format == "state") {
    return state::format_container_state(TRY(state::parse_container_state(text)));
  }
  if (format == "checkpoint") {
    return state::format_checkpoint_config(
        TRY(state::parse_checkpoint_config(text, "config.json")));
  }
  if (format == "config") {  // of which chock writes only the process
    const state::OciConfig config = TRY(state::parse_oci_config(text, "config.json"));
    return state::format_process_state({.process = config.process,
                                        .root_uid = config.root_uid,
                                        .root_gid = config.root_gid,
                                        .sealed = config.private_pid_namespace});
  }
  if (format == "log") {
    std::string written;
    for (const state::LogRecord& record : state::parse_log(text)) {
      written += state::format_log_record(record);
    }
    return written;
  }
  return input_error("rewrite", format, "unknown format");
}

struct Fixture {
  std::string format;
  std::string name;
  std::string text;
  std::optional<std::string> companion;
};

std::vector<Fixture> fixtures(const std::string& kind, const std::string& suffix) {
  constexpr size_t kLimit = 1U << 20U;
  constexpr std::string_view kJson = ".json";
  const auto root = test::must(sys::StateDir::open(std::string(CHOCK_FIXTURES) + "/" + kind));
  std::vector<Fixture> found;
  for (const auto& format : test::must(root.list())) {
    const auto dir = test::must(root.open_dir(format.name));
    for (const auto& entry : test::must(dir.list())) {
      if (entry.name.ends_with(kJson)) {
        const std::string stem = entry.name.substr(0, entry.name.size() - kJson.size());
        found.push_back({format.name, stem,
                         test::must(test::must(dir.read_file(entry.name, kLimit))),
                         test::must(dir.read_file(stem + suffix, kLimit))});
      }
    }
  }
  return found;
}

TEST(fixtures, good_files_round_trip) {
  const std::vector<Fixture> all = fixtures("good", ".canonical");
  EXPECT_GE(all.size(), 20U);
  for (const Fixture& fixture : all) {
    const std::string expected = fixture.companion.value_or(fixture.text);
    const Result<std::string> written = rewrite(fixture.format, fixture.text);
    ASSERT_EQ(test::error_of(written), "(no error)") << fixture.format << "/" << fixture.name;
    EXPECT_EQ(*written, expected) << fixture.format << "/" << fixture.name;
    EXPECT_EQ(
        test::must(rewrite(fixture.format == "config" ? "process" : fixture.format, *written)),
        expected)
        << "written again: " << fixture.format << "/" << fixture.name;
  }
}

TEST(fixtures, bad_files_are_refused_with_their_message) {
  const std::vector<Fixture> all = fixtures("bad", ".message");
  EXPECT_GE(all.size(), 15U);
  for (const Fixture& fixture : all) {
    ASSERT_TRUE(fixture.companion.has_value()) << fixture.format << "/" << fixture.name;
    const std::string message = test::error_of(rewrite(fixture.format, fixture.text));
    const std::string expected = fixture.companion->substr(0, fixture.companion->find('\n'));
    EXPECT_EQ(message.substr(0, expected.size()), expected)
        << fixture.format << "/" << fixture.name << ": " << message;
  }
}

}  // namespace
}  // namespace chock
