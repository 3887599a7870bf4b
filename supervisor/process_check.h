// SPDX-License-Identifier: Apache-2.0
// What nobody may ask to have run, by a bundle or by a request. What is read back of processes that
// run is not judged: another daemon may have taken it.
#pragma once

#include <string>

#include "common/result.h"
#include "common/state/oci_process.h"

namespace chock::supervisor {

// A text with a NUL byte would run as another than the one that was asked for; one that is too long
// does not run at all. The Error is `operation`'s, and `place` goes before the field in it.
[[nodiscard]] Result<void> check_process(const state::OciProcess& process,
                                         const std::string& operation, const std::string& place);

}  // namespace chock::supervisor
