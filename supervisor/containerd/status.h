// SPDX-License-Identifier: Apache-2.0
// Errors as gRPC has them: containerd 0.2 made the code from the kind of error, and its clients
// look for words in the text.
#pragma once

#include <grpcpp/support/status.h>

#include "common/result.h"

namespace chock::supervisor::containerd {

[[nodiscard]] grpc::Status to_status(const Error& error);

// An Error of whoever was to find a container: an id that cannot be one is merely one that is not
// found, as containerd 0.2 did not look at ids. What is wrong with it is for those to hear who want
// to make a container.
[[nodiscard]] Error as_lookup(Error error);

}  // namespace chock::supervisor::containerd
