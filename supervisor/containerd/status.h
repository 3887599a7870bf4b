// SPDX-License-Identifier: Apache-2.0
// Errors as gRPC has them: containerd 0.2 made the code from the kind of error, and its clients
// look for words in the text.
#pragma once

#include <grpcpp/support/status.h>

#include "common/result.h"

namespace chock::supervisor::containerd {

[[nodiscard]] grpc::Status to_status(const Error& error);

}  // namespace chock::supervisor::containerd
