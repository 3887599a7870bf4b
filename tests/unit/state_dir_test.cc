// SPDX-License-Identifier: Apache-2.0
#include "common/sys/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

constexpr size_t kLimit = 1000;

mode_t mode_of(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode : 0;
}

// A directory with one entry of every kind.
class Zoo {
 public:
  Zoo() : dir_(temp_.open()) {
    test::write_text(temp_ / "file", "content");
    test::must(dir_.make_fifo("fifo"));
    static_cast<void>(test::must(dir_.make_dir("dir")));
    link("file", "link-to-file");
    link("dir", "link-to-dir");
    link("nowhere", "dangling");
  }
  [[nodiscard]] const StateDir& dir() const { return dir_; }
  [[nodiscard]] std::string operator/(std::string_view name) const { return temp_ / name; }
  void link(const char* target, const char* name) const {
    ASSERT_EQ(::symlink(target, (temp_ / name).c_str()), 0);
  }

 private:
  test::TempDir temp_;
  StateDir dir_;
};

TEST(state_dir, makes_private_entries) {
  const ::mode_t former = ::umask(0);
  const Zoo zoo;
  ASSERT_TRUE(zoo.dir().open_entry("new", O_WRONLY | O_CREAT | O_EXCL).has_value());
  ::umask(former);
  EXPECT_EQ(mode_of(zoo / "dir"), S_IFDIR | 0700U);
  EXPECT_EQ(mode_of(zoo / "fifo"), S_IFIFO | 0600U);
  EXPECT_EQ(mode_of(zoo / "new"), S_IFREG | 0600U);
  EXPECT_EQ(test::code_of(zoo.dir().make_dir("dir")), EEXIST);
  EXPECT_EQ(test::code_of(zoo.dir().make_dir("dangling")), EEXIST);
  EXPECT_EQ(test::error_of(zoo.dir().make_fifo("fifo")), "(no error)");
}

TEST(state_dir, opens_only_what_was_asked_for) {
  const Zoo zoo;
  struct Case {
    const char* name;
    int flags;
    mode_t type;
    const char* error;
  };
  const Case cases[] = {
      {"file", O_RDONLY, S_IFREG, "(no error)"},
      {"fifo", O_RDONLY, S_IFIFO, "(no error)"},
      {"fifo", O_RDWR, S_IFIFO, "(no error)"},
      {"fifo", O_RDONLY, S_IFREG, "open fifo: not a regular file"},
      {"fifo", O_RDWR, S_IFREG, "open fifo: not a regular file"},
      {"fifo", O_WRONLY, S_IFREG, "open fifo: no such device or address"},  // would have blocked
      {"dir", O_RDONLY, S_IFREG, "open dir: not a regular file"},
      {"dir", O_WRONLY, S_IFREG, "open dir: is a directory"},
      {"file", O_RDONLY, S_IFIFO, "open file: not a fifo"},
      {"dir", O_RDONLY, S_IFIFO, "open dir: not a fifo"},
      {"link-to-file", O_RDONLY, S_IFREG, "open link-to-file: too many levels of symbolic links"},
      {"dangling", O_WRONLY | O_CREAT, S_IFREG, "open dangling: too many levels of symbolic links"},
      {"missing", O_RDONLY, S_IFREG, "open missing: no such file or directory"},
      {"file", O_WRONLY | O_CREAT | O_EXCL, S_IFREG, "open file: file exists"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(test::error_of(zoo.dir().open_entry(c.name, c.flags, c.type)), c.error) << c.name;
  }
  EXPECT_EQ(mode_of(zoo / "nowhere"), 0U);
  const UniqueFd fd = test::must(zoo.dir().open_entry("file", O_RDONLY));
  EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST(state_dir, directories_are_not_reached_through_links) {
  const Zoo zoo;
  EXPECT_TRUE(zoo.dir().open_dir("dir").has_value());
  EXPECT_EQ(test::code_of(zoo.dir().open_dir("link-to-dir")), ENOTDIR);
  EXPECT_EQ(test::code_of(zoo.dir().open_dir("file")), ENOTDIR);
  EXPECT_EQ(test::code_of(zoo.dir().open_dir("fifo")), ENOTDIR);  // at once
  EXPECT_EQ(test::error_of(zoo.dir().open_dir("missing")),
            "open " + (zoo / "missing") + ": no such file or directory");
  const StateDir through_link = test::must(StateDir::open(zoo / "link-to-dir"));
  EXPECT_EQ(through_link.path(), zoo / "link-to-dir");
  EXPECT_EQ(through_link.path_of("x"), zoo / "link-to-dir/x");
  EXPECT_EQ(test::code_of(StateDir::open(zoo / "file")), ENOTDIR);
  EXPECT_EQ(test::code_of(StateDir::open(zoo / "missing")), ENOENT);
}

TEST(state_dir, read_file_has_a_limit_and_knows_nothing) {
  const Zoo zoo;
  EXPECT_EQ(test::must(zoo.dir().read_file("file", kLimit)), "content");
  EXPECT_EQ(test::must(zoo.dir().read_file("file", 7)), "content");
  EXPECT_EQ(test::error_of(zoo.dir().read_file("file", 6)), "read file: file too large");
  EXPECT_EQ(test::must(zoo.dir().read_file("missing", kLimit)), std::nullopt);
  EXPECT_EQ(test::error_of(zoo.dir().read_file("fifo", kLimit)), "open fifo: not a regular file");
  EXPECT_EQ(test::error_of(zoo.dir().read_file("dir", kLimit)), "open dir: not a regular file");
  EXPECT_EQ(test::code_of(zoo.dir().read_file("link-to-file", kLimit)), ELOOP);
  EXPECT_EQ(test::code_of(zoo.dir().read_file("dangling", kLimit)), ELOOP);
  test::write_text(zoo / "empty", "");
  EXPECT_EQ(test::must(zoo.dir().read_file("empty", kLimit)), "");
}

TEST(state_dir, stays_with_its_directory_when_the_path_moves) {
  const test::TempDir temp;
  const StateDir inner = test::must(temp.open().make_dir("before"));
  ASSERT_EQ(::rename((temp / "before").c_str(), (temp / "after").c_str()), 0);
  ASSERT_TRUE(inner.open_entry("x", O_WRONLY | O_CREAT).has_value());
  EXPECT_NE(mode_of(temp / "after/x"), 0U);
}

TEST(state_dir, lists_sorted_by_name) {
  const Zoo zoo;
  test::write_text(zoo / ".hidden", "");
  test::write_text(zoo / "Z", "");
  std::vector<std::string> names;
  for (int i = 0; i < 2; ++i) {  // each list starts at the beginning
    names.clear();
    for (const StateDir::Entry& entry : test::must(zoo.dir().list())) {
      names.push_back(entry.name);
      EXPECT_EQ(entry.directory, entry.name == "dir") << entry.name;
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{".hidden", "Z", "dangling", "dir", "fifo", "file",
                                             "link-to-dir", "link-to-file"}));
}

TEST(state_dir, remove_file_removes_anything_but_directories) {
  const Zoo zoo;
  for (const char* name : {"file", "fifo", "link-to-dir", "dangling", "missing"}) {
    EXPECT_EQ(test::error_of(zoo.dir().remove_file(name)), "(no error)") << name;
    EXPECT_EQ(mode_of(zoo / name), 0U) << name;
  }
  EXPECT_EQ(test::code_of(zoo.dir().remove_file("dir")), EISDIR);
  EXPECT_NE(mode_of(zoo / "dir"), 0U);
}

TEST(state_dir, remove_tree_follows_no_link) {
  const test::TempDir temp;
  const StateDir root = temp.open();
  static_cast<void>(test::must(root.make_dir("outside")));
  test::write_text(temp / "outside/precious", "x");
  StateDir level = test::must(root.make_dir("tree"));
  for (int depth = 0; depth < 20; ++depth) {
    test::must(level.make_fifo("fifo"));
    ASSERT_TRUE(level.open_entry("file", O_WRONLY | O_CREAT).has_value());
    ASSERT_EQ(::symlinkat((temp / "outside").c_str(), level.fd(), "link"), 0);
    ASSERT_EQ(::symlinkat("..", level.fd(), "up"), 0);
    level = test::must(level.make_dir("inner"));
  }
  EXPECT_EQ(test::error_of(root.remove_tree("tree")), "(no error)");
  EXPECT_EQ(mode_of(temp / "tree"), 0U);
  EXPECT_NE(mode_of(temp / "outside/precious"), 0U);
  EXPECT_EQ(test::error_of(root.remove_tree("tree")), "(no error)");  // gone already

  ASSERT_EQ(::symlink("outside", (temp / "link").c_str()), 0);
  EXPECT_EQ(test::code_of(root.remove_tree("link")), ENOTDIR);
  EXPECT_NE(mode_of(temp / "outside/precious"), 0U);
  EXPECT_EQ(test::code_of(root.remove_tree("outside/precious")), ENOTDIR);
}

}  // namespace
}  // namespace chock::sys
