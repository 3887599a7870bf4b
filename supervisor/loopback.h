// SPDX-License-Identifier: Apache-2.0
// A TCP socket that only this machine reaches.
#pragma once

#include <string>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor {

// `address`: HOST:PORT, with a HOST that is a loopback address for certain: 127.x.y.z, [::1] or
// localhost. Anything else is an Error.
[[nodiscard]] Result<sys::UniqueFd> listen_on_loopback(const std::string& address);

}  // namespace chock::supervisor
