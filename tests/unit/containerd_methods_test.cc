// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "supervisor/containerd/api.pb.h"
#include "supervisor/containerd/health.pb.h"
#include "supervisor/containerd/methods.h"
#include "supervisor/containerd/version.h"

namespace chock::supervisor::containerd {
namespace {

void add_paths(std::set<std::string>& paths, const google::protobuf::ServiceDescriptor& service) {
  for (int i = 0; i < service.method_count(); ++i) {
    paths.insert("/" + service.full_name() + "/" + service.method(i)->name());
  }
}

TEST(containerd_methods, are_those_of_the_services) {
  std::set<std::string> declared;
  add_paths(declared, *types::Machine::descriptor()->file()->service(0));
  add_paths(declared, *grpc::health::v1::HealthCheckRequest::descriptor()->file()->service(0));
  const std::vector<std::string_view> served = method_paths();
  EXPECT_EQ(declared, std::set<std::string>(served.begin(), served.end()));
  EXPECT_EQ(served.size(), 13U);
  EXPECT_TRUE(std::ranges::all_of(served, find_method));
}

Outcome call(std::string_view path, const std::string& request) {
  return std::get<Immediate>(find_method(path)->serve)(request);
}

TEST(containerd_methods, version) {
  types::GetServerVersionResponse version;
  ASSERT_TRUE(version.ParseFromString(*call("/types.API/GetServerVersion", "")));
  EXPECT_EQ(version.major(), 0U);
  EXPECT_EQ(version.minor(), 2U);
  EXPECT_EQ(version.patch(), 3U);
  EXPECT_EQ(version.revision(), kRevision);
}

TEST(containerd_methods, health) {
  constexpr std::string_view kPath = "/grpc.health.v1.Health/Check";
  EXPECT_EQ(*call(kPath, ""), "\x08\x01") << "field 1, SERVING";
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("types.API");
  const Outcome unknown = call(kPath, request.SerializeAsString());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(unknown.error().error_message(), "unknown service");
}

TEST(containerd_methods, refuse_what_cannot_be_decoded) {
  const Outcome outcome = call("/grpc.health.v1.Health/Check", "\xff\xff\xff");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error_code(), grpc::StatusCode::INTERNAL);
}

TEST(containerd_methods, refuse_texts_that_are_shorter_to_the_kernel) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(std::string("a\0b", 3));
  const Outcome outcome = call("/grpc.health.v1.Health/Check", request.SerializeAsString());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(containerd_methods, refuse_paths_in_the_words_of_the_original) {
  const auto expect = [](const char* path, grpc::StatusCode code, const char* text) {
    EXPECT_EQ(find_method(path), nullptr) << path;
    EXPECT_EQ(refuse_path(path).error_code(), code) << path;
    EXPECT_EQ(refuse_path(path).error_message(), text);
  };
  expect("/types.API/Nothing", grpc::StatusCode::UNIMPLEMENTED, "unknown method Nothing");
  expect("/types.API/", grpc::StatusCode::UNIMPLEMENTED, "unknown method ");
  expect("/grpc.health.v1.Health/Watch", grpc::StatusCode::UNIMPLEMENTED, "unknown method Watch");
  expect("/types.Other/State", grpc::StatusCode::UNIMPLEMENTED, "unknown service types.Other");
  expect("/a/b/State", grpc::StatusCode::UNIMPLEMENTED, "unknown service a/b");
  expect("/State", grpc::StatusCode::INVALID_ARGUMENT, "malformed method name: \"/State\"");
  expect("", grpc::StatusCode::INVALID_ARGUMENT, "malformed method name: \"\"");
}

}  // namespace
}  // namespace chock::supervisor::containerd
