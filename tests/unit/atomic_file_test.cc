// SPDX-License-Identifier: Apache-2.0
#include "common/sys/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

std::vector<std::string> names_in(const StateDir& dir) {
  std::vector<std::string> names;
  for (const StateDir::Entry& entry : test::must(dir.list())) {
    names.push_back(entry.name);
  }
  return names;
}
using Names = std::vector<std::string>;

TEST(atomic_file, appears_whole_and_replaces) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  for (const std::string text : {"first", "", "the second one"}) {
    test::must(write_file(dir, "name", text));
    EXPECT_EQ(test::read_text(temp / "name"), text);
    EXPECT_EQ(names_in(dir), Names{"name"});
  }
  struct stat info{};
  ASSERT_EQ(::stat((temp / "name").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFREG | 0600U);
}

TEST(atomic_file, is_invisible_until_committed) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  test::must(write_file(dir, "name", "old"));
  AtomicFile file = test::must(AtomicFile::make(dir, "name", 100));
  EXPECT_EQ(test::read_text(temp / "name"), "old");
  test::must(file.commit("new"));
  EXPECT_EQ(test::read_text(temp / "name"), "new");
}

TEST(atomic_file, leaves_nothing_when_not_committed) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  {
    AtomicFile file = test::must(AtomicFile::make(dir, "name"));
    EXPECT_EQ(names_in(dir).size(), 1U);
    const AtomicFile moved = std::move(file);
    EXPECT_EQ(names_in(dir).size(), 1U);
  }
  EXPECT_EQ(names_in(dir), Names{});
}

TEST(atomic_file, content_may_be_shorter_or_longer_than_the_reserve) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  for (const size_t size : {0UL, 1UL, 99UL, 100UL, 101UL, 100000UL}) {
    AtomicFile file = test::must(AtomicFile::make(dir, "name", 100));
    const std::string text(size, 'x');
    test::must(file.commit(text));
    EXPECT_EQ(test::read_text(temp / "name"), text);
  }
}

TEST(atomic_file, discards_what_a_dead_writer_left) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  test::write_text(temp / ".name.new", "stale content that is longer than the new one");
  test::must(write_file(dir, "name", "new"));
  EXPECT_EQ(test::read_text(temp / "name"), "new");
  ASSERT_EQ(::symlink("elsewhere", (temp / ".name.new").c_str()), 0);
  test::must(write_file(dir, "name", "newer"));
  EXPECT_EQ(test::read_text(temp / "name"), "newer");
  EXPECT_EQ(names_in(dir), Names{"name"});
}

TEST(atomic_file, replaces_a_link_and_not_its_target) {
  const test::TempDir temp;
  test::write_text(temp / "target", "precious");
  ASSERT_EQ(::symlink("target", (temp / "name").c_str()), 0);
  test::must(write_file(temp.open(), "name", "new"));
  EXPECT_EQ(test::read_text(temp / "target"), "precious");
  EXPECT_EQ(test::read_text(temp / "name"), "new");
}

TEST(atomic_file, two_in_the_making_with_a_suffix_each) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  AtomicFile first = test::must(AtomicFile::make(dir, "name", 10));
  AtomicFile second = test::must(AtomicFile::make(dir, "name", 10, ".2"));
  test::must(first.commit("one"));
  EXPECT_EQ(test::read_text(temp / "name"), "one");
  test::must(second.commit("two"));
  EXPECT_EQ(test::read_text(temp / "name"), "two");
  EXPECT_EQ(names_in(dir), Names{"name"});
}

TEST(atomic_file, a_directory_in_the_way_is_an_error) {
  const test::TempDir temp;
  const StateDir dir = temp.open();
  static_cast<void>(test::must(dir.make_dir("name")));
  EXPECT_EQ(test::error_of(write_file(dir, "name", "x")), "write name: is a directory");
  EXPECT_EQ(names_in(dir), Names{"name"});
}

TEST(atomic_file, a_directory_that_is_gone_is_an_error) {
  const test::TempDir temp;
  const StateDir dir = test::must(temp.open().make_dir("gone"));
  AtomicFile file = test::must(AtomicFile::make(dir, "name", 10));
  test::must(temp.open().remove_tree("gone"));
  EXPECT_EQ(test::code_of(file.commit("x")), ENOENT);
  EXPECT_EQ(test::code_of(AtomicFile::make(dir, "name")), ENOENT);
}

// Runs `body` in a directory on a tmpfs of `size`, in a mount namespace that ends with the child.
std::string on_small_disk(const char* size,
                          const std::function<std::string(const StateDir&)>& body) {
  const test::TempDir temp;
  Pipe answer = test::must(make_pipe());
  const Pidfd child = test::fork_child([&] {
    std::string text = "no tmpfs";
    const std::string options = std::string("size=") + size;
    if (::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("none", temp.path().c_str(), "tmpfs", 0, options.c_str()) == 0) {
      text = body(temp.open());
    }
    return write_all(answer.write.get(), text, "answer") ? 0 : 1;
  });
  answer.write.reset();
  std::string text = test::must(read_all(answer.read.get(), 1U << 20U, "answer"));
  EXPECT_EQ(test::wait_for(child).status.number(), 0U);
  return text;
}

// Takes every block that is left.
void fill(const StateDir& dir) {
  const UniqueFd fd = test::must(dir.open_entry("filler", O_WRONLY | O_CREAT));
  while (write_all(fd.get(), std::string(4096, 'f'), "filler")) {
  }
}

// Where packages are built nobody is root, and in a chroot not even of a user namespace of his own
// (user_namespaces(7)). CI has no such excuse.
bool may_mount() {
  const bool root = ::geteuid() == 0;
  EXPECT_TRUE(root || ::getenv("CI") == nullptr);
  return root;
}

TEST(atomic_file, a_reserve_lets_it_commit_on_a_full_disk) {
  if (!may_mount()) {
    GTEST_SKIP() << "mounting a small tmpfs needs root";
  }
  const std::string text = on_small_disk("64k", [](const StateDir& dir) {
    AtomicFile file = test::must(AtomicFile::make(dir, "name", 1024));
    fill(dir);
    const std::string without = test::error_of(write_file(dir, "other", "x"));
    const std::string with = test::error_of(file.commit(std::string(1024, 'y')));
    const auto content = test::must(dir.read_file("name", 4096));
    return without + "; " + with + "; " + std::to_string(content.value_or("").size());
  });
  EXPECT_EQ(text, "write other: no space left on device; (no error); 1024");
}

// The kernel takes what fits and reports no error for the rest; the next attempt does.
TEST(atomic_file, running_out_of_space_half_way_says_so_and_leaves_nothing) {
  if (!may_mount()) {
    GTEST_SKIP() << "mounting a small tmpfs needs root";
  }
  const std::string text = on_small_disk("64k", [](const StateDir& dir) {
    errno = 0;
    const std::string error = test::error_of(write_file(dir, "name", std::string(200000, 'x')));
    return error + "; " + std::to_string(names_in(dir).size());
  });
  EXPECT_EQ(text, "write name: no space left on device; 0");
}

}  // namespace
}  // namespace chock::sys
