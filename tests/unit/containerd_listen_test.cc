// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <gtest/gtest.h>

#include "supervisor/containerd/listen.h"
#include "tests/unit/support.h"

namespace chock::supervisor::containerd {
namespace {

using Kind = Address::Kind;

TEST(containerd_listen, reads_addresses) {
  const auto expect = [](const char* text, Kind kind, const char* place) {
    const Result<Address> address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->kind, kind) << text;
    EXPECT_EQ(address->place, place);
  };
  expect("unix:///run/containerd/containerd.sock", Kind::Unix, "/run/containerd/containerd.sock");
  expect("unix://relative.sock", Kind::Unix, "relative.sock");
  expect("tcp://127.0.0.1:2000", Kind::Tcp, "127.0.0.1:2000");
  expect("fd://", Kind::Inherited, "");
  expect("fd://*", Kind::Inherited, "");
}

TEST(containerd_listen, refuses_in_the_words_of_the_original) {
  EXPECT_EQ(parse_address("/run/a.sock").error().message(),
            "bad listen address format /run/a.sock, expected proto://address");
  EXPECT_EQ(parse_address("http://a").error().message(), "invalid protocol format: \"http\"");
  EXPECT_EQ(parse_address("unix://").error().message(), "listen unix://: no such address");
  EXPECT_EQ(parse_address("fd://3").error().message(), "listen fd://3: no such address");
}

TEST(containerd_listen, is_apart_from_the_command_lines_socket) {
  const test::TempDir temp;
  const sys::StateDir root = temp.open();
  const std::string link = temp.path() + "/link";
  ASSERT_EQ(::symlink(".", link.c_str()), 0);
  const auto apart = [&root](Kind kind, const std::string& place) {
    return check_apart({.kind = kind, .place = place}, root).has_value();
  };
  EXPECT_EQ(check_apart({.kind = Kind::Unix, .place = temp.path() + "/chock.sock"}, root)
                .error()
                .message(),
            "listen " + temp.path() +
                "/chock.sock: chock's own commands connect there, choose another path");
  EXPECT_FALSE(apart(Kind::Unix, link + "//chock.sock"));
  EXPECT_TRUE(apart(Kind::Unix, temp.path() + "/containerd.sock"));
  EXPECT_TRUE(apart(Kind::Unix, "/chock.sock"));
  EXPECT_TRUE(apart(Kind::Unix, "chock.sock"));
  EXPECT_TRUE(apart(Kind::Tcp, temp.path() + "/chock.sock"));
}

}  // namespace
}  // namespace chock::supervisor::containerd
