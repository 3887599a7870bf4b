// SPDX-License-Identifier: Apache-2.0
// What a method answers: a message, or the status that says why there is none.
#pragma once

#include <grpcpp/support/status.h>

#include <expected>
#include <string>

namespace chock::supervisor::containerd {

template <class Message>
using Reply = std::expected<Message, grpc::Status>;

// A reply with its message in wire format.
using Outcome = Reply<std::string>;

}  // namespace chock::supervisor::containerd
