// SPDX-License-Identifier: Apache-2.0
// The descriptors 0, 1 and 2, which a caller may have closed.
#pragma once

namespace chock::sys {

// Opens those that are closed: otherwise the next file that is opened would become one of them, and
// be taken for our input or written to as our output. Reading brings an end of file; writing fails
// as it does on a closed descriptor, EBADF.
void open_missing_streams();

}  // namespace chock::sys
