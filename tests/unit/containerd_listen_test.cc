// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "supervisor/containerd/listen.h"

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

}  // namespace
}  // namespace chock::supervisor::containerd
