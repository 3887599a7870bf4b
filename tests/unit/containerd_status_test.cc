// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/state/id.h"
#include "common/sys/pidfd.h"
#include "supervisor/containerd/status.h"
#include "tests/unit/support.h"

namespace chock::supervisor::containerd {
namespace {

using grpc::StatusCode;

void expect(const Error& error, StatusCode code, const std::string& text) {
  const grpc::Status status = to_status(error);
  EXPECT_EQ(status.error_code(), code) << text;
  EXPECT_EQ(status.error_message(), text);
}

TEST(containerd_status, kind_of_error_gives_the_code) {
  expect({EEXIST, "mkdir", "/run/containerd/a", {}}, StatusCode::ALREADY_EXISTS,
         "mkdir /run/containerd/a: file exists");
  expect({ENOENT, "open", "/b/config.json", {}}, StatusCode::NOT_FOUND,
         "open /b/config.json: no such file or directory");
  expect({EACCES, "open", "/b", {}}, StatusCode::PERMISSION_DENIED, "open /b: permission denied");
  expect({EPERM, "kill", "a", {}}, StatusCode::PERMISSION_DENIED,
         "kill a: operation not permitted");
  expect({ECANCELED, "start", "a", "context canceled"}, StatusCode::CANCELLED, "context canceled");
  expect({EINVAL, "kill", "a", {}}, StatusCode::UNKNOWN, "kill a: invalid argument");
  expect({0, "check container id", "'a/b'", "no"}, StatusCode::UNKNOWN,
         "check container id 'a/b': no");
}

TEST(containerd_status, words_of_the_contract_stand_alone) {
  expect({ESRCH, "kill", "a", "containerd: container not found"}, StatusCode::UNKNOWN,
         "containerd: container not found");
  expect({0, "start", "a", "shim error: no\nnewline"}, StatusCode::UNKNOWN,
         "shim error: no\nnewline");
  expect({0, "start", "a", "oci runtime error: exec: \"x\": not found"}, StatusCode::UNKNOWN,
         "oci runtime error: exec: \"x\": not found");
  expect({0, "", "", "empty bundle path"}, StatusCode::UNKNOWN, "empty bundle path");
  expect({ESRCH, "kill", "a", {}}, StatusCode::UNKNOWN, "no such process");
}

TEST(containerd_status, a_signal_that_cannot_be_sent_has_the_kernels_words_alone) {
  expect(test::must(sys::Pidfd::open(::getpid())).signal(65).error(), StatusCode::UNKNOWN,
         "invalid argument");
  expect({EPERM, sys::Pidfd::kSignal, "1", {}}, StatusCode::PERMISSION_DENIED,
         "operation not permitted");
}

TEST(containerd_status, an_id_that_cannot_be_one_is_not_found) {
  for (const std::string& id : {std::string(), std::string("../x"), std::string(300, 'x')}) {
    const Error error = as_lookup(state::check_id(id, "container id").error());
    EXPECT_EQ(error.code, ESRCH);
    expect(error, StatusCode::UNKNOWN, "containerd: container not found");
  }
  const Error other = state::check_id("", "process id").error();
  expect(as_lookup(other), StatusCode::UNKNOWN, other.message());
}

}  // namespace
}  // namespace chock::supervisor::containerd
