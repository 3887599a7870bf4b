// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/status.h"

#include <errno.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "common/sys/pidfd.h"

namespace chock::supervisor::containerd {
namespace {

// What the contract's own reasons begin with. They are given as they are, without what was
// attempted on which object.
constexpr std::array<std::string_view, 4> kContractWords{
    "containerd: ", "shim error: ", "oci runtime error: ", "context canceled"};

grpc::StatusCode to_code(int code) {
  switch (code) {
    case EEXIST:
      return grpc::StatusCode::ALREADY_EXISTS;
    case ENOENT:
      return grpc::StatusCode::NOT_FOUND;
    case EACCES:
    case EPERM:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ECANCELED:
      return grpc::StatusCode::CANCELLED;
    default:
      return grpc::StatusCode::UNKNOWN;
  }
}

std::string to_text(const Error& error) {
  const bool is_contracts = std::ranges::any_of(
      kContractWords, [&error](std::string_view words) { return error.detail.starts_with(words); });
  if (is_contracts) {
    return error.detail;
  }
  // A signal that cannot be sent, for one because the process has ended: nothing but the kernel's
  // words.
  const bool kernels = error.code == ESRCH || error.operation == sys::Pidfd::kSignal;
  if (kernels && error.detail.empty()) {
    return error_text(error.code);
  }
  return error.message();
}

}  // namespace

Error as_lookup(Error error) {
  if (error.operation == "check container id") {
    return {ESRCH, "find", std::move(error.object), "containerd: container not found"};
  }
  return error;
}

grpc::Status to_status(const Error& error) { return {to_code(error.code), to_text(error)}; }

}  // namespace chock::supervisor::containerd
