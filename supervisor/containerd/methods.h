// SPDX-License-Identifier: Apache-2.0
// The methods that clients can call by their paths, each as a function from bytes to bytes.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "supervisor/containerd/reply.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"

namespace chock::supervisor::containerd {

class Api;
class Responder;

// Answered where it is asked, on any thread: whatever the loop is doing.
using Immediate = Outcome (*)(const std::string& request);
// On the loop.
using Unary = Awaitable<Outcome> (*)(Api& api, std::string request, Latch& gone);
using Streaming = Awaitable<grpc::Status> (*)(Api& api, std::string request, Responder& client);

struct Method {
  std::string_view path;  // "/types.API/State"
  std::variant<Immediate, Unary, Streaming> serve;
};

// Null: there is none.
[[nodiscard]] const Method* find_method(std::string_view path);

// What is wrong with a path that names no method, in the words of containerd 0.2's server.
[[nodiscard]] grpc::Status refuse_path(std::string_view path);

// For the test that compares them with the .proto.
[[nodiscard]] std::vector<std::string_view> method_paths();

}  // namespace chock::supervisor::containerd
